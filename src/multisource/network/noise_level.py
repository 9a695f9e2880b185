"""The likeliest level of white noise in a window, compiled: logarithms of products, in vectors.

A component of the window is taken to be distributed as Student's t, so that the few that the
sources dominate do not count. Its scale follows from the mean logarithm of the squared components.
"""

from __future__ import annotations

import numpy as np
from numba import int32

from multisource.compiled import njit
from multisource.network.logarithm import LOG_2, log_near_one

STUDENT = np.float32(3.0)  # degrees of freedom of the distribution of a component
# E[ln x^2] of a standard normal x is -1.27; a little is added to x^2 before its logarithm.
LOG_MEAN = 1.2
LITTLE = np.float32(1e-3)
FACTORS = 5  # that are multiplied before a logarithm is taken; more could overflow
LANES = 64  # columns of factors are filled up to a multiple, so that loops have no remainder

_SQRT_HALF = 0x3F3504F3  # the bits of sqrt(1/2) in single precision


def likeliest_levels(power: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the likeliest level of each window, and the background's scale with it.

    Parameters
    ----------
    power : ndarray of shape (B, n)
        Squared components, float32.
    variance : ndarray of shape (L, n)
        Variance of the components at each level, up to a common scale, float32.

    Returns
    -------
    level : ndarray of int, shape (B,)
        Number of the level.
    scale : ndarray of shape (B,)
        The common scale, float32.
    """
    n = power.shape[1]
    columns = -(-n // (FACTORS * LANES)) * LANES
    missing = FACTORS * columns - n
    padded = np.pad(power, ((0, 0), (0, missing)))
    inverse = np.pad(1 / variance, ((0, 0), (0, missing)))
    constant = np.log(variance.astype(float)).sum(axis=1)
    level = np.empty(len(power), dtype=np.int64)
    scale = np.empty(len(power), dtype=np.float32)
    shape = FACTORS, columns
    _search(padded.reshape(-1, *shape), inverse.reshape(-1, *shape), constant, n, level, scale)
    return level, scale


@njit(cache=True, nogil=True, error_model="numpy")
def _search(
    power: np.ndarray,
    inverse: np.ndarray,
    constant: np.ndarray,
    n: int,
    level: np.ndarray,
    scale: np.ndarray,
) -> None:
    """Choose the level of least cost, of each window."""
    n_levels, factors, columns = inverse.shape
    missing = factors * columns - n
    work = np.empty(columns, dtype=np.float32)
    for b in range(len(power)):
        best = np.inf
        for c in range(n_levels):
            logarithms = _sum_of_logarithms(power[b], inverse[c], LITTLE, np.float32(1), work)
            logarithms -= missing * np.log(LITTLE)
            size = np.exp(logarithms / n + LOG_MEAN)
            by = np.float32(1 / (STUDENT * size))
            tail = _sum_of_logarithms(power[b], inverse[c], np.float32(1), by, work)
            cost = 0.5 * ((STUDENT + 1) * tail + constant[c] + n * np.log(size))
            if cost < best:
                best, level[b], scale[b] = cost, c, np.float32(size)
        if not np.isfinite(best):
            level[b], scale[b] = 0, np.float32(1)


@njit(cache=True, nogil=True, inner=True, error_model="numpy")
def _sum_of_logarithms(
    power: np.ndarray, inverse: np.ndarray, start: np.float32, by: np.float32, work: np.ndarray
) -> float:
    """Sum ln(start + by * power * inverse), all (factors, columns)."""
    factors, columns = power.shape
    for j in range(columns):
        work[j] = start + by * power[0, j] * inverse[0, j]
    for q in range(1, factors):
        for j in range(columns):
            work[j] *= start + by * power[q, j] * inverse[q, j]
    for j in range(columns):
        bits = np.float32(work[j]).view(np.int32)
        e = int32(int32(bits - int32(_SQRT_HALF)) >> int32(23))
        m = np.int32(bits - int32(e << int32(23))).view(np.float32) - np.float32(1)
        work[j] = log_near_one(m) + np.float32(e) * LOG_2
    total = 0.0
    for j in range(columns):
        total += work[j]
    return total
