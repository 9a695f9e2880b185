"""The fast path: exact sensor series without simulating the dipoles one by one.

All inactive dipoles, and the independent parts of the active ones, are Gaussian, independent, and
of one of M temporal classes. At the sensors they are therefore, for every class, Gaussian with
covariance C_m = A_m A_m' + A_act,m diag(w^2 - 1) A_act,m' (w: weight of an active dipole on its
own series) and the class's autocovariance: E series per class have the same distribution as 8196.
The coherent part is one topography per patch times its centre's series.

Work is done in whitened coordinates: gain = dewhiten @ white with white white' = 1, where float32
is safe (the covariances are near the identity) and an average reference takes no special care.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from multisource.compiled import njit
from multisource.errors import UserError
from multisource.simulation.patches import Patches


@dataclass(frozen=True)
class Projector:
    """A leadfield prepared for the fast path.

    Attributes
    ----------
    rows : ndarray of shape (N, r)
        White gain, one row per dipole, float32.
    dewhiten : ndarray of shape (E, r)
        From white coordinates to sensors, float32.
    background : ndarray of shape (M, r, r)
        White covariance of all dipoles of a class, float32.
    classes : ndarray of shape (N,)
        Class of each dipole.
    """

    rows: np.ndarray
    dewhiten: np.ndarray
    background: np.ndarray
    classes: np.ndarray


def background_components(gain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the components of the EEG of independent dipoles of unit moment.

    Parameters
    ----------
    gain : ndarray of shape (E, N)
        Leadfield of fixed orientation, V/(Am), average reference.

    Returns
    -------
    variance : ndarray of shape (r,)
        Variance of each component, ascending.
    vectors : ndarray of shape (E, r)
        Their topographies, orthonormal. What the average reference has taken out is left out.
    """
    values, vectors = np.linalg.eigh(gain @ gain.T)
    kept = values > 1e-12 * values[-1]
    return values[kept], vectors[:, kept]


def prepare(gain: np.ndarray, classes: np.ndarray, n_classes: int) -> Projector:
    """Prepare a leadfield for the fast path.

    Parameters
    ----------
    gain : ndarray of shape (E, N)
        Leadfield of fixed orientation, V/(Am).
    classes : ndarray of shape (N,)
        Class of each dipole.
    n_classes : int
        Number of classes, M.

    Returns
    -------
    Projector
        The prepared leadfield.

    Raises
    ------
    UserError
        If the shapes do not fit, or a value of the leadfield is not finite.
    """
    if gain.ndim != 2 or gain.shape[1] != len(classes):
        raise UserError(f"leadfield: shape {gain.shape} does not fit {len(classes)} dipoles")
    if not np.all(np.isfinite(gain)):
        raise UserError("leadfield: it holds values that are not finite")
    variance, vectors = background_components(gain)
    roots = np.sqrt(variance)
    white = (vectors / roots).T @ gain
    background = np.stack(
        [white[:, classes == m] @ white[:, classes == m].T for m in range(n_classes)]
    )
    return Projector(
        rows=np.ascontiguousarray(white.T, dtype=np.float32),
        dewhiten=np.ascontiguousarray(vectors * roots, dtype=np.float32),
        background=background.astype(np.float32),
        classes=np.asarray(classes, dtype=np.int64),
    )


def mixing(
    projector: Projector,
    patches: Patches,
    *,
    boost: float,
    amplitudes: np.ndarray | None = None,
) -> np.ndarray:
    """Compute what unit series are multiplied with.

    ``out[s].T @ series`` is the sample at the white coordinates, for r independent series of each
    class, class after class, and those of the P centres.

    Parameters
    ----------
    projector : Projector
        The prepared leadfield.
    patches : Patches
        Patches of S samples; their dipoles must come ordered by class.
    boost : float
        Amplitude of the active dipoles over the background.
    amplitudes : ndarray of shape (S, P), optional
        Amplitude of each patch relative to the boost, as in ``source_weights``; 1 by default.

    Returns
    -------
    ndarray of shape (S, M r + P, r)
        White, float32. The rows of class m are the upper factor U of its covariance, U' U = C_m;
        the last P are the topographies of the patches.
    """
    n_samples, n_patches = patches.truth.centre.shape
    n_classes, rank, _ = projector.background.shape
    if amplitudes is None:
        amplitudes = np.ones((n_samples, n_patches))
    out = np.empty((n_samples, n_classes * rank + n_patches, rank), dtype=np.float32)
    _mix(
        projector.rows,
        projector.background,
        projector.classes,
        patches.truth.offset,
        patches.truth.dipole,
        patches.coefficients,
        np.ascontiguousarray(amplitudes, dtype=float),
        float(boost),
        out,
    )
    return out


@njit(cache=True, nogil=True)
def _weights(
    coefficients: np.ndarray,
    amplitudes: np.ndarray,
    boost: float,
    shared: np.ndarray,
    change: np.ndarray,
) -> None:
    """``source_weights`` of one sample in place: shared (P, K), change (K,) = own^2 - 1."""
    for i in range(coefficients.shape[0]):
        total = 0.0
        scaled = 0.0
        for p in range(coefficients.shape[1]):
            total += coefficients[i, p]
            scaled += coefficients[i, p] * amplitudes[p]
        unit = boost / max(total, 1.0)
        for p in range(coefficients.shape[1]):
            shared[p, i] = unit * coefficients[i, p] * amplitudes[p]
        own = boost * scaled / total * (1.0 - min(total, 1.0))
        change[i] = own * own - 1.0


LANES = 16  # rows are padded to whole vectors, so that the innermost loops have no remainder


@njit(cache=True, nogil=True, error_model="numpy")
def _cholesky(work: np.ndarray, upper: np.ndarray) -> None:
    """Upper factor of a positive semidefinite matrix: work and upper (n, w), w a multiple of LANES.

    work, which is overwritten, holds the matrix in its first n columns; what stands below the
    diagonal of upper is of no meaning. A pivot lost in rounding gives a row of zeros, as exact
    arithmetic would. Whole rows, four at a time: half of it is for nothing, but the rows stay in
    the first cache and the loops in vectors, which is four times as fast as LAPACK at n = 50.
    """
    n, width = work.shape
    for k in range(n):
        row = work[k]
        least = np.float32(1e-6) * row[k]
        q = 0
        while q + 4 <= k:
            u0, u1, u2, u3 = upper[q], upper[q + 1], upper[q + 2], upper[q + 3]
            f0, f1, f2, f3 = u0[k], u1[k], u2[k], u3[k]
            for j in range(width):
                row[j] -= f0 * u0[j] + f1 * u1[j] + f2 * u2[j] + f3 * u3[j]
            q += 4
        while q < k:
            factor = upper[q, k]
            for j in range(width):
                row[j] -= factor * upper[q, j]
            q += 1
        root = np.float32(1.0) / np.sqrt(row[k]) if row[k] > least else np.float32(0.0)
        for j in range(width):
            upper[k, j] = root * row[j]


@njit(cache=True, nogil=True)
def _mix(
    rows: np.ndarray,
    background: np.ndarray,
    classes: np.ndarray,
    offsets: np.ndarray,
    dipoles: np.ndarray,
    coefficients: np.ndarray,
    amplitudes: np.ndarray,
    boost: float,
    out: np.ndarray,
) -> None:
    n_samples, _, rank = out.shape
    n_patches = amplitudes.shape[1]
    n_classes = background.shape[0]
    width = -(-rank // LANES) * LANES
    most = 0
    for s in range(n_samples):
        most = max(most, offsets[s + 1] - offsets[s])
    picked = np.empty((most, rank), dtype=np.float32)
    scaled = np.empty((most, rank), dtype=np.float32)
    change = np.empty(most, dtype=np.float32)
    product = np.empty((rank, rank), dtype=np.float32)
    work = np.zeros((rank, width), dtype=np.float32)
    upper = np.zeros((rank, width), dtype=np.float32)
    for s in range(n_samples):
        first = offsets[s]
        count = offsets[s + 1] - first
        shared = np.empty((n_patches, count), dtype=np.float32)
        _weights(coefficients[first : first + count], amplitudes[s], boost, shared, change)
        for i in range(count):
            n = dipoles[first + i]
            weight = change[i]
            for e in range(rank):
                value = rows[n, e]
                picked[i, e] = value
                scaled[i, e] = weight * value
        if count > 0:
            np.dot(shared, picked[:count], out[s, n_classes * rank :])
        else:
            for p in range(n_patches):
                for i in range(rank):
                    out[s, n_classes * rank + p, i] = np.float32(0.0)
        begin = 0
        for m in range(n_classes):
            end = begin
            while end < count and classes[dipoles[first + end]] == m:
                end += 1
            if end > begin:
                np.dot(scaled[begin:end].T, picked[begin:end], product)
            else:  # in loops: Numba takes seconds to compile an assignment to a slice
                for i in range(rank):
                    for j in range(rank):
                        product[i, j] = np.float32(0.0)
            begin = end
            for i in range(rank):
                for j in range(rank):
                    work[i, j] = background[m, i, j] + product[i, j]
            _cholesky(work, upper)
            for i in range(rank):
                row = m * rank + i
                for j in range(i):
                    out[s, row, j] = np.float32(0.0)
                for j in range(i, rank):
                    out[s, row, j] = upper[i, j]
