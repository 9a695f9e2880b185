"""The fast path: exact sensor series without simulating the dipoles one by one.

All inactive dipoles, and the independent parts of the active ones, are Gaussian, independent, and
of one of M temporal classes. At the sensors they are therefore, for every class, Gaussian with
covariance C_m = A_m A_m' + A_act,m diag(w^2 - 1) A_act,m' (w: weight of an active dipole on its
own series) and the class's autocovariance: E series per class have the same distribution as 8196.
The coherent part is one topography per patch times its centre's series.

Work is done in whitened coordinates: gain = unmix @ white with white white' = 1, where float32
is safe (the covariances are near the identity) and an average reference takes no special care.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from multisource.errors import UserError
from multisource.simulation.patches import Patches


@dataclass(frozen=True)
class Projector:
    """A leadfield prepared for the fast path.

    rows (N, r) float32: white gain, a row a dipole; unmix (E, r) float32: white to sensors;
    background (M, r, r) float32: white covariance of all dipoles of a class; classes (N,).
    """

    rows: np.ndarray
    unmix: np.ndarray
    background: np.ndarray
    classes: np.ndarray


def prepare(gain: np.ndarray, classes: np.ndarray, n_classes: int) -> Projector:
    """Projector of a gain (E, N) and the class of every dipole (N,)."""
    if gain.ndim != 2 or gain.shape[1] != len(classes):
        raise UserError(f"leadfield: shape {gain.shape} does not fit {len(classes)} dipoles")
    if not np.all(np.isfinite(gain)):
        raise UserError("leadfield: it holds values that are not finite")
    values, vectors = np.linalg.eigh(gain @ gain.T)
    kept = values > 1e-12 * values[-1]
    roots = np.sqrt(values[kept])
    white = (vectors[:, kept] / roots).T @ gain
    background = np.stack(
        [white[:, classes == m] @ white[:, classes == m].T for m in range(n_classes)]
    )
    return Projector(
        rows=np.ascontiguousarray(white.T, dtype=np.float32),
        unmix=np.ascontiguousarray(vectors[:, kept] * roots, dtype=np.float32),
        background=background.astype(np.float32),
        classes=np.asarray(classes, dtype=np.int64),
    )


def spatial_factors(
    projector: Projector,
    patches: Patches,
    *,
    boost: float,
    amplitudes: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Factors (S, r, M, r) of the independent parts and topographies (S, P, r) of the patches.

    Both are float32 and white; for class m, ``factors[s, :, m] @ factors[s, :, m]'`` is the
    covariance. patches must come ordered by class; amplitudes (S, P) as in ``source_weights``.
    """
    n_samples, n_patches = patches.centres.shape
    n_classes, rank, _ = projector.background.shape
    if amplitudes is None:
        amplitudes = np.ones((n_samples, n_patches))
    factors = np.empty((n_samples, rank, n_classes, rank), dtype=np.float32)
    topographies = np.empty((n_samples, n_patches, rank), dtype=np.float32)
    _factorise(
        projector.rows,
        projector.background,
        projector.classes,
        patches.offsets,
        patches.dipoles,
        patches.coefficients,
        np.ascontiguousarray(amplitudes, dtype=float),
        float(boost),
        factors,
        topographies,
    )
    return factors, topographies


@njit(cache=True)
def _weights(coefficients, amplitudes, boost, shared, change):
    """``source_weights`` of one sample in place: shared (P, K), change (K,) = own^2 - 1."""
    for i in range(coefficients.shape[0]):
        total = 0.0
        scaled = 0.0
        for p in range(coefficients.shape[1]):
            total += coefficients[i, p]
            scaled += coefficients[i, p] * amplitudes[p]
        for p in range(coefficients.shape[1]):
            shared[p, i] = boost * coefficients[i, p] * amplitudes[p] / max(total, 1.0)
        own = boost * scaled / total * (1.0 - min(total, 1.0))
        change[i] = own * own - 1.0


LANES = 64  # matrices factorised side by side, so that the innermost loop is a long vector


@njit(cache=True, error_model="numpy")
def _cholesky_lanes(work, column):
    """Lower factors, in place, of LANES positive semidefinite matrices: work (n, n, LANES).

    column (n, LANES) is scratch. A pivot lost in rounding gives a column of zeros, as exact
    arithmetic would.
    """
    n = work.shape[0]
    least = np.zeros(LANES, dtype=np.float32)
    for i in range(n):
        for v in range(LANES):
            least[v] = max(least[v], np.float32(1e-6) * work[i, i, v])
    for k in range(n):
        for v in range(LANES):
            pivot = work[k, k, v]
            root = np.float32(1.0) / np.sqrt(pivot)
            column[k, v] = root if pivot > least[v] else np.float32(0.0)
        for i in range(n - 1, k - 1, -1):
            for v in range(LANES):
                work[i, k, v] *= column[k, v]
        for i in range(k + 1, n):
            for v in range(LANES):
                column[i, v] = work[i, k, v]
        for i in range(k + 1, n):
            for j in range(k + 1, i + 1):
                for v in range(LANES):
                    work[i, j, v] -= column[i, v] * column[j, v]


@njit(cache=True)
def _factorise(
    rows,
    background,
    classes,
    offsets,
    dipoles,
    coefficients,
    amplitudes,
    boost,
    factors,
    topographies,
):
    n_samples, n_patches, rank = topographies.shape
    n_classes = background.shape[0]
    work = np.zeros((rank, rank, LANES), dtype=np.float32)
    column = np.empty((rank, LANES), dtype=np.float32)
    held = 0
    for s in range(n_samples):
        first = offsets[s]
        count = offsets[s + 1] - first
        shared = np.empty((n_patches, count), dtype=np.float32)
        change = np.empty(count, dtype=np.float32)
        _weights(coefficients[first : first + count], amplitudes[s], boost, shared, change)
        picked = np.empty((count, rank), dtype=np.float32)
        scaled = np.empty((count, rank), dtype=np.float32)
        for i in range(count):
            n = dipoles[first + i]
            weight = change[i]
            for e in range(rank):
                value = rows[n, e]
                picked[i, e] = value
                scaled[i, e] = weight * value
        topographies[s] = np.dot(shared, picked)
        begin = 0
        for m in range(n_classes):
            end = begin
            while end < count and classes[dipoles[first + end]] == m:
                end += 1
            covariance = background[m]
            if end > begin:
                covariance = covariance + np.dot(scaled[begin:end].T, picked[begin:end])
            begin = end
            for i in range(rank):
                for j in range(i + 1):
                    work[i, j, held] = covariance[i, j]
            held += 1
            if held == LANES or (s == n_samples - 1 and m == n_classes - 1):
                _cholesky_lanes(work, column)
                _store(work, held, s * n_classes + m + 1 - held, n_classes, factors)
                held = 0


@njit(cache=True)
def _store(work, held, start, n_classes, factors):
    """Copy the lower factors of work (r, r, LANES) to factors (S, r, M, r)."""
    rank = work.shape[0]
    for i in range(rank):
        for v in range(held):
            s, m = divmod(start + v, n_classes)
            for j in range(i + 1):
                factors[s, i, m, j] = work[i, j, v]
            for j in range(i + 1, rank):
                factors[s, i, m, j] = np.float32(0.0)
