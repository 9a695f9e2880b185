"""Values at some places, averaged from those at others that are near: a fixed sparse product."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor, nn

from multisource.compiled import njit
from multisource.errors import UserError


class Interpolation(nn.Module):
    """Values of K places to values of N, each a mean of the nearest ones.

    Parameters
    ----------
    n_out : int
        N.
    n_in : int
        K.
    n_near : int
        Places that a value is averaged from; at most K are used.
    """

    nearest: Tensor
    weight: Tensor

    def __init__(self, n_out: int, n_in: int, n_near: int) -> None:
        super().__init__()
        self.n_out, self.n_in = n_out, n_in
        shape = (n_out, min(n_near, n_in))
        self.register_buffer("nearest", torch.zeros(shape, dtype=torch.int32))
        self.register_buffer("weight", torch.zeros(shape))
        self._made: tuple[Tensor, Tensor] | None = None
        self.register_load_state_dict_post_hook(_forget)

    def prepare(
        self, places: np.ndarray, positions: np.ndarray, sigma_mm: float | None = None
    ) -> None:
        """Compute the weights.

        Parameters
        ----------
        places : ndarray of shape (K, 3)
            Where values are known, mm.
        positions : ndarray of shape (N, 3)
            Where they are asked for, mm.
        sigma_mm : float, optional
            Standard deviation of the Gaussian of distance that weighs; by default .6 of the
            spacing of the places.
        """
        n_out, n_near = self.nearest.shape
        distance, nearest = cKDTree(places).query(positions, k=n_near)
        distance, nearest = distance.reshape(n_out, -1), nearest.reshape(n_out, -1)
        # The spacing of the places: as far as the position that is farthest from its nearest one.
        sigma = sigma_mm or 0.6 * max(float(distance[:, 0].max()), 1e-6)
        weight = np.exp(-0.5 * (distance / sigma) ** 2)
        self.nearest.copy_(torch.from_numpy(nearest))
        self.weight.copy_(torch.from_numpy(weight / weight.sum(axis=1, keepdims=True)))
        self._made = None

    def forward(self, values: Tensor) -> Tensor:
        """Average.

        Parameters
        ----------
        values : Tensor of shape (K, ...)
            Values of the places.

        Returns
        -------
        Tensor of shape (N, ...)
            Values of the positions.
        """
        columns = values.reshape(len(values), -1)
        if values.device.type == "cpu" and values.dtype == torch.float32:
            self._check()
            averaged = _Average.apply(columns, self.nearest, self.weight)
        else:
            averaged = _Product.apply(columns, *self._matrices())
        return averaged.reshape(self.n_out, *values.shape[1:])

    def _check(self) -> None:
        if not self.weight.any():
            raise UserError("nodes: the network needs the study's forward model before training")

    def _matrices(self) -> tuple[Tensor, Tensor]:
        """The average (N, K) and its transpose as sparse matrices."""
        if self._made is None or self._made[0].device != self.weight.device:
            self._check()
            n_out, n_near = self.nearest.shape
            rows = torch.arange(n_out, device=self.weight.device).repeat_interleave(n_near)
            places = torch.stack([rows, self.nearest.flatten().long()])
            across = torch.sparse_coo_tensor(
                places, self.weight.flatten(), (n_out, self.n_in), check_invariants=False
            ).coalesce()
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
                self._made = across.to_sparse_csr(), across.t().coalesce().to_sparse_csr()
        return self._made


def _forget(layer: Interpolation, _: object) -> None:
    """The matrices belong to the weights before."""
    layer._made = None


class _Average(torch.autograd.Function):
    """The average on the processor: rows are read and written once, where a sparse product of
    torch's takes three times as long."""

    @staticmethod
    def forward(ctx, values, nearest, weight):  # type: ignore[no-untyped-def]
        ctx.parts = nearest, weight, len(values)
        out = values.new_empty(len(nearest), values.shape[1])
        return _filled(_average, values.detach(), nearest, weight, out)

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        nearest, weight, count = ctx.parts
        out = gradient.new_zeros(count, gradient.shape[1])
        return _filled(_spread, gradient, nearest, weight, out), None, None


def _filled(
    loop: Callable[..., None], values: Tensor, nearest: Tensor, weight: Tensor, out: Tensor
) -> Tensor:
    loop(*(part.contiguous().numpy() for part in (values, nearest, weight)), out.numpy())
    return out


@njit(cache=True, nogil=True)
def _average(values: np.ndarray, nearest: np.ndarray, weight: np.ndarray, out: np.ndarray) -> None:
    n_out, n_near = nearest.shape
    width = values.shape[1]
    for n in range(n_out):
        row = out[n]
        part, first = weight[n, 0], values[nearest[n, 0]]
        for j in range(width):
            row[j] = part * first[j]
        for k in range(1, n_near):
            part, other = weight[n, k], values[nearest[n, k]]
            for j in range(width):
                row[j] += part * other[j]


@njit(cache=True, nogil=True)
def _spread(gradient: np.ndarray, nearest: np.ndarray, weight: np.ndarray, out: np.ndarray) -> None:
    n_out, n_near = nearest.shape
    width = gradient.shape[1]
    for n in range(n_out):
        row = gradient[n]
        for k in range(n_near):
            part, to = weight[n, k], out[nearest[n, k]]
            for j in range(width):
                to[j] += part * row[j]


class _Product(torch.autograd.Function):
    """A sparse product whose gradient is another: torch's own would make a dense matrix."""

    @staticmethod
    def forward(ctx, values, across, back):  # type: ignore[no-untyped-def]
        ctx.back = back
        return torch.sparse.mm(across, values)

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        return torch.sparse.mm(ctx.back, gradient.contiguous()), None, None
