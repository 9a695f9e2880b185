"""An output layer on nodes spread over the source space, from which the dipoles are interpolated.

Neighbouring dipoles see nearly the same patches. A layer on a fifth as many nodes learns from five
times the windows for each weight, and is as many times faster.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from multisource.errors import UserError
from multisource.network.interpolation import Interpolation
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

    def __init__(
        self, n_features: int, n_dipoles: int, n_nodes: int, initial: tuple[float, ...]
    ) -> None:
        super().__init__()
        self.n_maps = len(initial)
        self.n_nodes = min(n_nodes, n_dipoles)
        self.nodes = nn.Linear(n_features, self.n_maps * self.n_nodes, bias=False)
        start = torch.tensor([math.log(p / (1 - p)) for p in initial])
        self.bias = nn.Parameter(start[:, None].repeat(1, n_dipoles))
        self.interpolate = Interpolation(n_dipoles, self.n_nodes, NEIGHBOURS)

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
        n_dipoles = self.bias.shape[1]
        if np.shape(positions) != (n_dipoles, 3):
            raise UserError(f"positions: shape {np.shape(positions)}; needs ({n_dipoles}, 3) in mm")
        nodes = spread_points(positions, 0.0, most=self.n_nodes)
        self.interpolate.prepare(positions[nodes], positions)

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
        at_nodes = self.nodes.weight @ features.T  # (C K, B): the sparse product wants columns
        columns = at_nodes.unflatten(0, (self.n_maps, -1)).transpose(0, 1).flatten(1)
        maps = self.interpolate(columns).unflatten(1, (self.n_maps, -1))
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
