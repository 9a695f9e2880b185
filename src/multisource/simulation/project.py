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
from multisource.simulation.synchronise import source_weights


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
    """Factors (S, M, r, r) of the independent parts and topographies (S, P, r) of the patches.

    Both are float32 and white; ``factors @ factors'`` is the covariance of each class.
    patches must come ordered by class; amplitudes (S, P) as in ``source_weights``.
    """
    if amplitudes is not None:
        amplitudes = np.repeat(amplitudes, np.diff(patches.offsets), axis=0)
    shared, own = source_weights(patches.coefficients, boost=boost, amplitudes=amplitudes)
    n_samples, n_patches = patches.centres.shape
    n_classes, rank, _ = projector.background.shape
    factors = np.empty((n_samples, n_classes, rank, rank), dtype=np.float32)
    topographies = np.empty((n_samples, n_patches, rank), dtype=np.float32)
    _factorise(
        projector.rows,
        projector.background,
        projector.classes,
        patches.offsets,
        patches.dipoles,
        shared.astype(np.float32),
        (own**2 - 1.0).astype(np.float32),
        factors,
        topographies,
    )
    return factors, topographies


@njit(cache=True)
def _cholesky(matrix, factor):
    """Lower factor of a positive semidefinite matrix; a pivot lost in rounding gives zeros."""
    n = matrix.shape[0]
    largest = np.float32(0.0)
    for i in range(n):
        largest = max(largest, matrix[i, i])
    # Right-looking by rows of the transposed factor, so that the inner loop is contiguous.
    for k in range(n):
        pivot = matrix[k, k]
        if pivot <= np.float32(1e-6) * largest:
            for j in range(n):
                factor[j, k] = np.float32(0.0)
            continue
        root = np.float32(1.0) / np.sqrt(pivot)
        row = matrix[k]
        for j in range(k):
            factor[j, k] = np.float32(0.0)
        for j in range(k, n):
            row[j] *= root
            factor[j, k] = row[j]
        for i in range(k + 1, n):
            weight = row[i]
            target = matrix[i]
            for j in range(i, n):
                target[j] -= weight * row[j]


@njit(cache=True)
def _factorise(rows, background, classes, offsets, dipoles, shared, change, factors, topographies):
    n_samples, n_patches, rank = topographies.shape
    n_classes = background.shape[0]
    for s in range(n_samples):
        first, last = offsets[s], offsets[s + 1]
        count = last - first
        picked = np.empty((count, rank), dtype=np.float32)
        scaled = np.empty((count, rank), dtype=np.float32)
        for i in range(count):
            row = rows[dipoles[first + i]]
            weight = change[first + i]
            for e in range(rank):
                picked[i, e] = row[e]
                scaled[i, e] = weight * row[e]
        topographies[s] = np.dot(shared[first:last].T.copy(), picked)
        begin = 0
        for m in range(n_classes):
            end = begin
            while end < count and classes[dipoles[first + end]] == m:
                end += 1
            covariance = background[m].copy()
            if end > begin:
                covariance += np.dot(scaled[begin:end].T, picked[begin:end])
            _cholesky(covariance, factors[s, m])
            begin = end
