"""Linear inverse kernels: one matrix per solver, applied to all windows at once.

A classical solver is linear in the data, so it is built once as a matrix and every window is a
matrix product. What follows the product is the paper's post-processing (section II-D): norm of
each dipole's vector estimate, optional smoothing in space, maximum scaled to 1, mean over the
window.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from multisource.errors import UserError

if TYPE_CHECKING:
    import scipy.sparse as sp

# Windows and dipoles per block, measured best: a product (3 x 64 x 32 x 50 float32, 1.2 MB) that
# the passes after it find in cache.
_WINDOWS = 32
_DIPOLES = 64


@dataclass(frozen=True)
class Kernel:
    """A linear inverse solver.

    matrix: (N * orientations, E), dipole-major: rows ``orientations * i + k`` give component k of
        dipole i. Currents in A m for a minimum norm; unitless for normalised estimates.
    orientations: 1 (fixed) or 3 (free or loose).
    channels: names of the E channels, in the order of the columns.
    """

    matrix: np.ndarray
    orientations: int
    channels: list[str]
    attributes: dict = field(default_factory=dict)

    def __post_init__(self):
        rows, columns = self.matrix.shape
        if self.orientations not in (1, 3) or rows % self.orientations:
            raise ValueError(f"{rows} kernel rows for {self.orientations} orientations a dipole")
        if columns != len(self.channels):
            raise ValueError(f"{columns} kernel columns for {len(self.channels)} channels")
        if not np.isfinite(self.matrix).all():
            raise ValueError("the kernel holds values that are not finite")

    @property
    def n_dipoles(self) -> int:
        return self.matrix.shape[0] // self.orientations


def average_reference(n_channels: int) -> np.ndarray:
    """The projector H = I - 11'/E onto average-referenced potentials, (E, E)."""
    return np.eye(n_channels) - 1.0 / n_channels


def apply_kernel(
    kernel: Kernel,
    eeg: np.ndarray,
    *,
    smoothing: sp.spmatrix | None = None,
    progress: bool = False,
) -> np.ndarray:
    """Estimated maps of a batch of windows (paper, section II-D).

    eeg: (S, E, T) in V, any reference: the data are average-referenced here.
    smoothing: (N, N) sparse operator applied to the norms at every time (``mesh.smoothing``).
    Returns (S, N) float32: the mean over the window of the norms, after the largest norm of the
    window (over dipoles and times) has been scaled to 1. A window without signal gives zeros.
    Raises UserError for a channel count that is not the kernel's or values that are not finite.
    """
    eeg = np.asarray(eeg)
    if eeg.ndim != 3 or eeg.shape[1] != len(kernel.channels):
        raise UserError(
            f"eeg: shape {eeg.shape}; this kernel needs (windows, {len(kernel.channels)}, times)"
        )
    n_windows, _, n_times = eeg.shape
    n_dipoles = kernel.n_dipoles
    matrix = _block_matrix(kernel)
    maps = np.empty((n_windows, n_dipoles), np.float32)
    average = np.full(n_times, 1 / n_times, np.float32)
    bar = tqdm(
        total=n_windows, desc="inverse", unit="window", mininterval=1.0, disable=not progress
    )
    for start in range(0, n_windows, _WINDOWS):
        block = eeg[start : start + _WINDOWS]
        if not np.isfinite(block).all():
            raise UserError(
                f"eeg: a value in windows {start}..{start + len(block) - 1} is not finite"
            )
        columns = _columns(block)
        size = len(block)
        mean = np.empty((n_dipoles, size), np.float32)
        peak = np.zeros(size * n_times, np.float32)
        whole = None if smoothing is None else np.empty((n_dipoles, size * n_times), np.float32)
        product = np.empty((matrix[0].shape[0], size * n_times), np.float32)
        for row, first in enumerate(range(0, n_dipoles, _DIPOLES)):
            last = min(first + _DIPOLES, n_dipoles)
            norms = np.matmul(matrix[row], columns, out=product[: len(matrix[row])])
            norms = _norms(norms, last - first)
            if whole is not None:
                whole[first:last] = norms
                continue
            np.matmul(norms.reshape(-1, n_times), average, out=mean[first:last].reshape(-1))
            np.maximum(peak, norms.max(axis=0), out=peak)
        if whole is not None:
            norms = np.asarray(smoothing @ whole, np.float32)
            mean, peak = norms.reshape(n_dipoles, size, n_times).mean(axis=2), norms.max(axis=0)
        largest = peak.reshape(size, n_times).max(axis=1)
        maps[start : start + size] = (mean / np.where(largest == 0, np.inf, largest)).T
        bar.update(size)
    bar.close()
    return maps


def post_process(norms: np.ndarray) -> np.ndarray:
    """Map (N,) of one window from its norms (N, T): maximum scaled to 1, mean over time."""
    peak = norms.max()
    return norms.mean(axis=1) / peak if peak > 0 else np.zeros(len(norms))


def _block_matrix(kernel: Kernel) -> list[np.ndarray]:
    """Row blocks in float32, orientation-major inside a block.

    The kernel is scaled to unit size first: in SI units its squares would leave float32.
    """
    largest = np.abs(kernel.matrix).max()
    matrix = (kernel.matrix / (largest if largest > 0 else 1.0)).astype(np.float32)
    matrix = matrix.reshape(kernel.n_dipoles, kernel.orientations, -1)
    return [
        np.ascontiguousarray(matrix[first : first + _DIPOLES].transpose(1, 0, 2)).reshape(
            -1, matrix.shape[2]
        )
        for first in range(0, kernel.n_dipoles, _DIPOLES)
    ]


def _columns(block: np.ndarray) -> np.ndarray:
    """(S, E, T) -> (E, S * T) float32, average-referenced and scaled to unit size.

    The reference is taken in double precision: a large common offset would cost the digits of
    single precision. What is left of a constant potential is rounding, and counts as 0.
    """
    size = np.abs(block).max(axis=(1, 2)).astype(float)
    block = np.asarray(block, float) - block.mean(axis=1, keepdims=True, dtype=float)
    scale = np.abs(block).max(axis=(1, 2))
    scale[scale <= np.finfo(np.float32).eps * size] = 0
    unit = block / np.where(scale > 0, scale, np.inf)[:, None, None]
    unit = unit.transpose(1, 0, 2).astype(np.float32)
    return np.ascontiguousarray(unit).reshape(block.shape[1], -1)


def _norms(product: np.ndarray, n_dipoles: int) -> np.ndarray:
    """Norm over orientations of (orientations * n, columns), orientation-major, in place."""
    if len(product) == n_dipoles:
        return np.abs(product, out=product)
    np.multiply(product, product, out=product)
    norms = product[:n_dipoles]
    norms += product[n_dipoles : 2 * n_dipoles]
    norms += product[2 * n_dipoles :]
    return np.sqrt(norms, out=norms)
