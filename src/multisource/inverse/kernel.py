"""Linear inverse kernels: one matrix per solver, applied to all windows at once.

A classical solver is linear in the data, so it is built once as a matrix and every window is a
matrix product. What follows the product is the paper's post-processing (section II-D): norm of
each dipole's vector estimate, optional smoothing in space, maximum scaled to 1, mean over the
window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from multisource.errors import UserError
from multisource.progress import progress

if TYPE_CHECKING:
    import scipy.sparse as sp

# Windows and dipoles per block, measured best: a product (3 x 64 x 32 x 50 float32, 1.2 MB) that
# the passes after it find in cache.
_WINDOWS = 32
_DIPOLES = 64


@dataclass(frozen=True)
class Kernel:
    """A linear inverse solver.

    Attributes
    ----------
    matrix : ndarray of shape (N * orientations, E)
        Dipole-major: row ``orientations * i + k`` gives component k of dipole i. Currents in A m
        for a minimum norm; without unit for normalised estimates.
    orientations : int
        1 (fixed) or 3 (free or loose).
    channels : list of str
        Names of the E channels, in the order of the columns.
    attributes : dict
        Options that the kernel was built with, as kept in its file.
    """

    matrix: np.ndarray
    orientations: int
    channels: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows, columns = self.matrix.shape
        if self.orientations not in (1, 3) or rows % self.orientations:
            raise ValueError(f"{rows} kernel rows for {self.orientations} orientations per dipole")
        if columns != len(self.channels):
            raise ValueError(f"{columns} kernel columns for {len(self.channels)} channels")
        if not np.isfinite(self.matrix).all():
            raise ValueError("the kernel holds values that are not finite")

    @property
    def n_dipoles(self) -> int:
        """Number of dipoles, N."""
        return self.matrix.shape[0] // self.orientations


def average_reference(n_channels: int) -> np.ndarray:
    """Return the projector onto average-referenced potentials.

    Parameters
    ----------
    n_channels : int
        E.

    Returns
    -------
    ndarray of shape (E, E)
        H = I - 11'/E.
    """
    return np.eye(n_channels) - 1.0 / n_channels


def apply_kernel(
    kernel: Kernel,
    eeg: np.ndarray,
    *,
    smoothing: sp.spmatrix | None = None,
) -> np.ndarray:
    """Estimate the maps of a batch of windows (paper, section II-D).

    Parameters
    ----------
    kernel : Kernel
        The solver.
    eeg : ndarray of shape (S, E, T)
        Windows in V, any reference: the data are average-referenced here.
    smoothing : sparse matrix of shape (N, N), optional
        Operator applied to the norms at every time (``mesh.smoothing``).

    Returns
    -------
    ndarray of shape (S, N)
        Float32: the mean over the window of the norms, after the largest norm of the window (over
        dipoles and times) has been scaled to 1. A window without signal gives zeros.

    Raises
    ------
    UserError
        For a channel count that is not the kernel's, or values that are not finite.
    """
    return apply_kernels([kernel], eeg, smoothing=smoothing)[0]


def apply_kernels(
    kernels: Sequence[Kernel],
    eeg: np.ndarray,
    *,
    smoothing: sp.spmatrix | None = None,
) -> list[np.ndarray]:
    """Estimate as :func:`apply_kernel`, by several kernels at a lower cost than one by one.

    Kernels that are equal but for a factor per dipole, as MNE, dSPM and sLORETA of one prior are,
    share the product with the data, which is most of the work.

    Parameters
    ----------
    kernels : sequence of Kernel
        The solvers.
    eeg : ndarray of shape (S, E, T)
        As for :func:`apply_kernel`.
    smoothing : sparse matrix of shape (N, N), optional
        As for :func:`apply_kernel`.

    Returns
    -------
    list of ndarray of shape (S, N)
        Maps of each kernel, float32.

    Raises
    ------
    UserError
        As for :func:`apply_kernel`.
    """
    maps: list[np.ndarray] = [np.empty(0)] * len(kernels)
    waiting = list(range(len(kernels)))
    while waiting:
        family = [k for k in waiting if share_products(kernels[waiting[0]], kernels[k])]
        results = _apply_family([kernels[k] for k in family], eeg, smoothing)
        for k, result in zip(family, results, strict=True):
            maps[k] = result
        waiting = [k for k in waiting if k not in family]
    return maps


def _apply_family(
    kernels: Sequence[Kernel],
    eeg: np.ndarray,
    smoothing: sp.spmatrix | None,
) -> list[np.ndarray]:
    """Return the maps of kernels that all share their products with the first."""
    first = kernels[0]
    eeg = np.asarray(eeg)
    if eeg.ndim != 3 or eeg.shape[1] != len(first.channels):
        raise UserError(
            f"eeg: shape {eeg.shape}; this kernel needs (windows, {len(first.channels)}, times)"
        )
    n_windows, _, n_times = eeg.shape
    matrix = _block_matrix(first)
    scales = [_scale(kernel) for kernel in kernels]
    maps = [np.empty((n_windows, first.n_dipoles), np.float32) for _ in kernels]
    with progress("inverse", total=n_windows, unit="window") as bar:
        for start in range(0, n_windows, _WINDOWS):
            block = eeg[start : start + _WINDOWS]
            if not np.isfinite(block).all():
                raise UserError(
                    f"eeg: a value in windows {start}..{start + len(block) - 1} is not finite"
                )
            means_and_peaks = _reduce(matrix, scales, _columns(block), n_times, smoothing)
            for result, (mean, peak) in zip(maps, means_and_peaks, strict=True):
                largest = peak.reshape(len(block), n_times).max(axis=1)
                result[start : start + len(block)] = (
                    mean / np.where(largest == 0, np.inf, largest)
                ).T
            bar.update(len(block))
    return maps


def share_products(one: Kernel, other: Kernel) -> bool:
    """Say whether two kernels are equal but for a positive factor per dipole, to single precision.

    Parameters
    ----------
    one : Kernel
        A solver.
    other : Kernel
        Another one.

    Returns
    -------
    bool
        True where :func:`apply_kernels` multiplies the data once for both.
    """
    if one is other:
        return True
    if one.matrix.shape != other.matrix.shape or one.channels != other.channels:
        return False
    return one.orientations == other.orientations and np.allclose(
        _unit_matrix(one), _unit_matrix(other), rtol=0, atol=1e-6
    )


def _reduce(
    matrix: list[np.ndarray],
    scales: list[np.ndarray],
    columns: np.ndarray,
    n_times: int,
    smoothing: sp.spmatrix | None,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return mean over time (N, S) and peak over dipoles (S * T) of the norms for each scale."""
    n_dipoles, size = len(scales[0]), columns.shape[1] // n_times
    average = np.full(n_times, 1 / n_times, np.float32)
    mean = np.empty((n_dipoles, size), np.float32)
    peaks = [np.zeros(columns.shape[1], np.float32) for _ in scales]
    whole = None if smoothing is None else np.empty((n_dipoles, columns.shape[1]), np.float32)
    product = np.empty((matrix[0].shape[0], columns.shape[1]), np.float32)
    scaled = np.empty((min(_DIPOLES, n_dipoles), columns.shape[1]), np.float32)
    for row, first in enumerate(range(0, n_dipoles, _DIPOLES)):
        last = min(first + _DIPOLES, n_dipoles)
        norms = np.matmul(matrix[row], columns, out=product[: len(matrix[row])])
        norms = _norms(norms, last - first)
        if whole is not None:
            whole[first:last] = norms
            continue
        np.matmul(norms.reshape(-1, n_times), average, out=mean[first:last].reshape(-1))
        for scale, peak in zip(scales, peaks, strict=True):
            part = np.multiply(norms, scale[first:last, None], out=scaled[: last - first])
            np.maximum(peak, part.max(axis=0), out=peak)
    if whole is None or smoothing is None:
        return [(mean * s[:, None], peak) for s, peak in zip(scales, peaks, strict=True)]
    smooth = [np.asarray(smoothing @ (s[:, None] * whole), np.float32) for s in scales]
    return [(n.reshape(n_dipoles, size, n_times).mean(axis=2), n.max(axis=0)) for n in smooth]


def post_process(norms: np.ndarray) -> np.ndarray:
    """Return the map of one window: norms scaled to a maximum of 1, then their mean over time.

    Parameters
    ----------
    norms : ndarray of shape (N, T)
        Norm of each dipole's estimate at every time.

    Returns
    -------
    ndarray of shape (N,)
        The map; zeros where all norms are zero.
    """
    peak = norms.max()
    return norms.mean(axis=1) / peak if peak > 0 else np.zeros(len(norms))


def _sizes(kernel: Kernel) -> np.ndarray:
    """Return the Frobenius norm (N,) of every dipole's rows."""
    largest = np.abs(kernel.matrix).max()
    # In SI units the squares would leave the range of floating point.
    rows = kernel.matrix.reshape(kernel.n_dipoles, -1) / (largest if largest > 0 else 1.0)
    return np.linalg.norm(rows, axis=1) * largest


def _scale(kernel: Kernel) -> np.ndarray:
    """Return a factor (N,) per dipole, float32, the largest 1: a common one does not matter."""
    sizes = _sizes(kernel)
    return (sizes / max(sizes.max(), np.finfo(float).tiny)).astype(np.float32)


def _unit_matrix(kernel: Kernel) -> np.ndarray:
    """Return the matrix (N, orientations, E), every dipole's rows of size 1; zeros stay zeros."""
    sizes = _sizes(kernel)
    matrix = kernel.matrix.reshape(kernel.n_dipoles, kernel.orientations, -1)
    return matrix / np.where(sizes == 0, 1.0, sizes)[:, None, None]


def _block_matrix(kernel: Kernel) -> list[np.ndarray]:
    """Return row blocks of the unit matrix in float32, orientation-major inside a block."""
    matrix = _unit_matrix(kernel).astype(np.float32)
    return [
        np.ascontiguousarray(matrix[first : first + _DIPOLES].transpose(1, 0, 2)).reshape(
            -1, matrix.shape[2]
        )
        for first in range(0, kernel.n_dipoles, _DIPOLES)
    ]


def _columns(block: np.ndarray) -> np.ndarray:
    """Make columns (E, S * T) float32 of windows (S, E, T), average-referenced and of unit size.

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
    """Take norms over orientations of (orientations * n, columns), orientation-major, in place."""
    if len(product) == n_dipoles:
        return np.abs(product, out=product)
    np.multiply(product, product, out=product)
    norms = product[:n_dipoles]
    norms += product[n_dipoles : 2 * n_dipoles]
    norms += product[2 * n_dipoles :]
    return np.sqrt(norms, out=norms)
