"""An output layer on nodes spread over the source space, from which the dipoles are interpolated.

Neighbouring dipoles see nearly the same patches. A layer on a fifth as many nodes learns from five
times the windows for each weight, and is as many times faster.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor, nn

from multisource.errors import UserError
from multisource.network.smooth_output import spread_points

NEIGHBOURS = 6  # nodes that a dipole is interpolated from


class CoarseOutput(nn.Module):
    """Features (B, F) to maps (B, C, N) through K nodes.

    Parameters
    ----------
    n_features : int
        F.
    n_dipoles : int
        N.
    n_nodes : int
        K; at most N are used.
    initial : tuple of float
        What the C maps are before training, in 0..1.
    """

    nearest: Tensor
    weight: Tensor

    def __init__(
        self, n_features: int, n_dipoles: int, n_nodes: int, initial: tuple[float, ...]
    ) -> None:
        super().__init__()
        self.n_maps = len(initial)
        self.n_nodes = min(n_nodes, n_dipoles)
        shape = (n_dipoles, min(NEIGHBOURS, self.n_nodes))
        self.nodes = nn.Linear(n_features, self.n_maps * self.n_nodes, bias=False)
        start = torch.tensor([math.log(p / (1 - p)) for p in initial])
        self.bias = nn.Parameter(start[:, None].repeat(1, n_dipoles))
        self.register_buffer("nearest", torch.zeros(shape, dtype=torch.int32))
        self.register_buffer("weight", torch.zeros(shape))
        self._made: tuple[Tensor, Tensor] | None = None
        self.register_load_state_dict_post_hook(_forget)

    def prepare(self, positions: np.ndarray) -> None:
        """Spread the nodes and compute the weights of the interpolation.

        Parameters
        ----------
        positions : ndarray of shape (N, 3)
            Positions of the dipoles, mm.

        Raises
        ------
        UserError
            If they are not those of the outputs.
        """
        n_dipoles, n_nearest = self.nearest.shape
        if np.shape(positions) != (n_dipoles, 3):
            raise UserError(f"positions: shape {np.shape(positions)}; needs ({n_dipoles}, 3) in mm")
        nodes = spread_points(positions, 0.0, most=self.n_nodes)
        distance, nearest = cKDTree(positions[nodes]).query(positions, k=n_nearest)
        distance, nearest = distance.reshape(n_dipoles, -1), nearest.reshape(n_dipoles, -1)
        # The spacing of the nodes: as far as the dipole that is farthest from its nearest one.
        spacing = max(float(distance[:, 0].max()), 1e-6)
        weight = np.exp(-0.5 * (distance / (0.6 * spacing)) ** 2)
        self.nearest.copy_(torch.from_numpy(nearest))
        self.weight.copy_(torch.from_numpy(weight / weight.sum(axis=1, keepdims=True)))
        self._made = None

    def forward(self, features: Tensor) -> Tensor:
        """Map features to logits.

        Parameters
        ----------
        features : Tensor of shape (B, F)
            Output of the hidden layers.

        Returns
        -------
        Tensor of shape (B, C, N)
            Logits.
        """
        across, back = self._matrices()
        at_nodes = self.nodes.weight @ features.T  # (C K, B): the sparse product wants columns
        columns = at_nodes.unflatten(0, (self.n_maps, -1)).transpose(0, 1).flatten(1)
        maps = _Interpolate.apply(columns, across, back).unflatten(1, (self.n_maps, -1))
        # Memory stays in the order of the product, (N, C, B).
        return (maps + self.bias.T[:, :, None]).permute(2, 1, 0)

    @torch.no_grad()
    def rescale(self, number: int, slope: float, intercept: float) -> None:
        """Change the weights such that a map is a line of what it was.

        Parameters
        ----------
        number : int
            Which of the C maps.
        slope, intercept : float
            Of its logits.
        """
        # The interpolation is linear, so a slope of the nodes is one of the dipoles.
        self.nodes.weight.unflatten(0, (self.n_maps, -1))[number] *= slope
        self.bias[number] = slope * self.bias[number] + intercept

    def _matrices(self) -> tuple[Tensor, Tensor]:
        """The interpolation (N, K) and its transpose as sparse matrices."""
        if self._made is None or self._made[0].device != self.weight.device:
            if not self.weight.any():
                raise UserError(
                    "nodes: the network needs the study's forward model before training"
                )
            n_dipoles, n_nearest = self.nearest.shape
            rows = torch.arange(n_dipoles, device=self.weight.device).repeat_interleave(n_nearest)
            places = torch.stack([rows, self.nearest.flatten().long()])
            across = torch.sparse_coo_tensor(
                places, self.weight.flatten(), (n_dipoles, self.n_nodes)
            ).coalesce()
            self._made = across.to_sparse_csr(), across.t().coalesce().to_sparse_csr()
        return self._made


def _forget(layer: CoarseOutput, _: object) -> None:
    """The matrices belong to the weights before."""
    layer._made = None


class _Interpolate(torch.autograd.Function):
    """A sparse product whose gradient is another: torch's own would make a dense matrix."""

    @staticmethod
    def forward(ctx, values, across, back):  # type: ignore[no-untyped-def]
        ctx.back = back
        return torch.sparse.mm(across, values)

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        return torch.sparse.mm(ctx.back, gradient.contiguous()), None, None
