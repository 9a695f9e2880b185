"""The factors of a window's covariance: what all patches share, and their coupling with it."""

from __future__ import annotations

import numpy as np

from multisource.compiled import njit
from multisource.posterior.model import Spectra
from multisource.posterior.room import LANES, NOISE, WIDENING, Scratch, Terms, width


@njit(cache=True, inner=True, error_model="numpy")
def product(a: np.ndarray, b: np.ndarray) -> float:
    """Return the product of two vectors, as four sums none of which waits for another.

    Parameters
    ----------
    a : ndarray of shape (r,)
        A vector.
    b : ndarray of shape (r,)
        Another.

    Returns
    -------
    float
        Their product.
    """
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    e, n = 0, len(a)
    while e + 4 <= n:
        s0 += a[e] * b[e]
        s1 += a[e + 1] * b[e + 1]
        s2 += a[e + 2] * b[e + 2]
        s3 += a[e + 3] * b[e + 3]
        e += 4
    while e < n:
        s0 += a[e] * b[e]
        e += 1
    return (s0 + s1) + (s2 + s3)


@njit(cache=True, inner=True, error_model="numpy")
def _factorise(work: np.ndarray, upper: np.ndarray) -> float:
    """Upper factor of work's first r columns; the others are divided by it. Half log det.

    Whole rows, four at a time, each from the diagonal on, to whole vectors: the rows stay in the
    first cache and the loops in vectors. What stands below the diagonal is of no meaning.
    """
    n, columns = work.shape
    half = 0.0
    for k in range(n):
        first = k // LANES * LANES
        row = work[k, first:]
        q = 0
        while q + 4 <= k:
            u0, u1 = upper[q, first:], upper[q + 1, first:]
            u2, u3 = upper[q + 2, first:], upper[q + 3, first:]
            f0, f1, f2, f3 = upper[q, k], upper[q + 1, k], upper[q + 2, k], upper[q + 3, k]
            for j in range(columns - first):
                row[j] -= f0 * u0[j] + f1 * u1[j] + f2 * u2[j] + f3 * u3[j]
            q += 4
        while q < k:
            f0 = upper[q, k]
            u0 = upper[q, first:]
            for j in range(columns - first):
                row[j] -= f0 * u0[j]
            q += 1
        if not work[k, k] > 0.0:
            return np.nan
        root = 1.0 / np.sqrt(work[k, k])
        half -= np.log(root)
        out = upper[k, first:]
        for j in range(columns - first):
            out[j] = root * row[j]
    return half


@njit(cache=True, inner=True, error_model="numpy")
def divide(upper: np.ndarray, topography: np.ndarray, out: np.ndarray) -> None:
    """Divide a topography by a factor, four numbers at a time.

    Parameters
    ----------
    upper : ndarray of shape (r, W)
        The factor.
    topography : ndarray of shape (r,)
        A topography.
    out : ndarray
        What is computed.
    """
    n = upper.shape[0]
    for i in range(n):
        out[i] = topography[i]
    i = 0
    while i + 4 <= n:
        u0, u1, u2, u3 = upper[i], upper[i + 1], upper[i + 2], upper[i + 3]
        v0 = out[i] / u0[i]
        v1 = (out[i + 1] - u0[i + 1] * v0) / u1[i + 1]
        v2 = (out[i + 2] - u0[i + 2] * v0 - u1[i + 2] * v1) / u2[i + 2]
        v3 = (out[i + 3] - u0[i + 3] * v0 - u1[i + 3] * v1 - u2[i + 3] * v2) / u3[i + 3]
        out[i], out[i + 1], out[i + 2], out[i + 3] = v0, v1, v2, v3
        for j in range(i + 4, n):
            out[j] -= u0[j] * v0 + u1[j] * v1 + u2[j] * v2 + u3[j] * v3
        i += 4
    while i < n:
        value = out[i] / upper[i, i]
        out[i] = value
        row = upper[i]
        for j in range(i + 1, n):
            out[j] -= row[j] * value
        i += 1


@njit(cache=True, inner=True, error_model="numpy")
def _project(upper: np.ndarray, divided: np.ndarray, out: np.ndarray) -> None:
    """Add the product of a divided topography and the divided window, four rows at a time."""
    r, size = len(divided), len(out)
    e = 0
    while e + 4 <= r:
        y0, y1 = upper[e, r : r + size], upper[e + 1, r : r + size]
        y2, y3 = upper[e + 2, r : r + size], upper[e + 3, r : r + size]
        v0, v1, v2, v3 = divided[e], divided[e + 1], divided[e + 2], divided[e + 3]
        for k in range(size):
            out[k] += v0 * y0[k] + v1 * y1[k] + v2 * y2[k] + v3 * y3[k]
        e += 4
    while e < r:
        value, row = divided[e], upper[e, r : r + size]
        for k in range(size):
            out[k] += value * row[k]
        e += 1


@njit(cache=True, inner=True, error_model="numpy")
def factorise(
    spectra: Spectra,
    window: np.ndarray,
    n: int,
    values: np.ndarray,
    room: Scratch,
    parts: Terms,
    now: int,
) -> None:
    """Factorise every group's matrix, and divide window and topographies by the factors.

    Parameters
    ----------
    spectra : Spectra
        Noise and time courses.
    window : ndarray of shape (r, T)
        The whitened window.
    n : int
        Number of patches.
    values : ndarray of shape (4,)
        Boost, scale, noise and widening.
    room : Scratch
        Room for the computation.
    parts : Terms
        Parts of the likelihood of several states.
    now : int
        The state.
    """
    r, n_times = window.shape
    noise, widening = values[NOISE], values[WIDENING]
    n_groups = len(spectra.level) if noise > 0.0 else 1
    parts.groups[now] = n_groups
    mismatch = 0.0
    if widening > 0.0:
        for p in range(n):
            mismatch += product(parts.topography[now, p], parts.topography[now, p])
        mismatch *= widening / r
    half, rest = 0.0, 0.0
    for g in range(n_groups):
        first = spectra.group[g] if n_groups > 1 else 0
        last = spectra.group[g + 1] if n_groups > 1 else n_times
        size = last - first
        level = noise * spectra.level[g]
        columns = width(r, size)
        work = room.work[: r * columns].reshape(r, columns)
        for a in range(r):
            for b in range(a // LANES * LANES, r):
                work[a, b] = parts.own[now, a, b]
            work[a, a] += level * spectra.noise[a] + mismatch
            for k in range(size):
                work[a, r + k] = window[a, first + k]
            for b in range(r + size, columns):
                work[a, b] = 0.0
        upper = parts.factor[now, g, : r * columns].reshape(r, columns)
        half += size * _factorise(work, upper)
        for e in range(r):
            row = upper[e, r : r + size]
            rest += product(row, row)
    parts.base[now], parts.rest[now] = half, rest
    for p in range(n):
        couple(spectra, p, parts.topography[now, p], parts, now, now)


@njit(cache=True, inner=True, error_model="numpy")
def couple(
    spectra: Spectra, p: int, column: np.ndarray, parts: Terms, base: int, into: int
) -> None:
    """Divide a topography by the factors of ``base``, and multiply it with the divided window.

    Parameters
    ----------
    spectra : Spectra
        Noise and time courses.
    p : int
        Number of a patch.
    column : ndarray of shape (r,)
        A topography.
    parts : Terms
        Parts of the likelihood of several states.
    base : int
        The state whose factors are used.
    into : int
        The state that is written.
    """
    r, n_times = parts.divided.shape[3], parts.outer.shape[2]
    n_groups = parts.groups[base]
    for k in range(n_times):
        parts.outer[into, p, k] = 0.0
    for g in range(n_groups):
        first = spectra.group[g] if n_groups > 1 else 0
        size = (spectra.group[g + 1] if n_groups > 1 else n_times) - first
        columns = width(r, size)
        upper = parts.factor[base, g, : r * columns].reshape(r, columns)
        out = parts.divided[into, g, p]
        divide(upper, column, out)
        _project(upper, out, parts.outer[into, p, first : first + size])


@njit(cache=True, inner=True)
def keep_coupling(p: int, q: int, parts: Terms, source: int, into: int) -> None:
    """Copy what :func:`couple` has computed for topography p of a state, as topography q.

    Parameters
    ----------
    p : int
        Number of a patch.
    q : int
        Number of a patch.
    parts : Terms
        Parts of the likelihood of several states.
    source : int
        The state that is read.
    into : int
        The state that is written.
    """
    for g in range(parts.groups[source]):
        for e in range(parts.divided.shape[3]):
            parts.divided[into, g, q, e] = parts.divided[source, g, p, e]
    for k in range(parts.outer.shape[2]):
        parts.outer[into, q, k] = parts.outer[source, p, k]


@njit(cache=True, inner=True)
def keep_factors(n: int, parts: Terms, source: int, into: int) -> None:
    """Copy what :func:`factorise` has computed of a state, with its own matrix and topographies.

    Parameters
    ----------
    n : int
        Number of patches.
    parts : Terms
        Parts of the likelihood of several states.
    source : int
        The state that is read.
    into : int
        The state that is written.
    """
    keep_own(n, parts, source, into)
    parts.groups[into] = parts.groups[source]
    parts.base[into], parts.rest[into] = parts.base[source], parts.rest[source]
    for g in range(parts.groups[source]):
        for i in range(parts.factor.shape[2]):
            parts.factor[into, g, i] = parts.factor[source, g, i]
    for p in range(n):
        keep_coupling(p, p, parts, source, into)


@njit(cache=True, inner=True)
def keep_own(n: int, parts: Terms, source: int, into: int) -> None:
    """Copy a state's own matrix and topographies.

    Parameters
    ----------
    n : int
        Number of patches.
    parts : Terms
        Parts of the likelihood of several states.
    source : int
        The state that is read.
    into : int
        The state that is written.
    """
    for a in range(parts.own.shape[1]):
        for b in range(parts.own.shape[1]):
            parts.own[into, a, b] = parts.own[source, a, b]
    for p in range(n):
        for e in range(parts.topography.shape[2]):
            parts.topography[into, p, e] = parts.topography[source, p, e]
