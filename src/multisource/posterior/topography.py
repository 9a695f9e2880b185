"""What patches make of the leadfield: their topographies, and the dipoles' own part."""

from __future__ import annotations

import numpy as np

from multisource.compiled import njit
from multisource.posterior.model import Geometry
from multisource.posterior.room import Scratch


@njit(cache=True, error_model="numpy")
def superpose(
    geometry: Geometry,
    centres: np.ndarray,
    extents: np.ndarray,
    n: int,
    total: np.ndarray,
    active: np.ndarray,
) -> int:
    """Add the l of patches: fills ``total`` and ``active``, returns how many are active.

    Parameters
    ----------
    geometry : Geometry
        The dipoles.
    centres : ndarray of int
        Dipoles at the patches' centres.
    extents : ndarray
        Diameters of the patches, mm.
    n : int
        Number of patches.
    total : ndarray of shape (N,)
        Sum of l over the patches at every dipole.
    active : ndarray of int
        The active dipoles.

    Returns
    -------
    int
        How many dipoles are active.
    """
    count = 0
    for p in range(n):
        radius = 0.5 * extents[p]
        for i in range(geometry.start[centres[p]], geometry.start[centres[p] + 1]):
            distance = geometry.distance[i]
            if distance >= radius:
                break
            j = geometry.near[i]
            if total[j] == 0.0:
                active[count] = j
                count += 1
            total[j] += 1.0 - distance / radius
    return count


@njit(cache=True)
def forget(total: np.ndarray, active: np.ndarray, count: int) -> None:
    """Undo :func:`superpose`.

    Parameters
    ----------
    total : ndarray of shape (N,)
        Sum of l over the patches at every dipole.
    active : ndarray of int
        The active dipoles.
    count : int
        How many dipoles are active.
    """
    for i in range(count):
        total[active[i]] = 0.0


@njit(cache=True, inner=True, error_model="numpy")
def _share(geometry: Geometry, i: int, radius: float, total: np.ndarray) -> float:
    """What follows a patch's course in its neighbour number i, over what follows any."""
    return (1.0 - geometry.distance[i] / radius) / max(total[geometry.near[i]], 1.0)


@njit(cache=True, error_model="numpy")
def topography(
    geometry: Geometry, centre: int, extent: float, boost: float, total: np.ndarray, out: np.ndarray
) -> None:
    """Compute t of one patch, ``total`` being the sum of l over all.

    Parameters
    ----------
    geometry : Geometry
        The dipoles.
    centre : int
        The dipole at the centre.
    extent : float
        Diameter, mm.
    boost : float
        The boost.
    total : ndarray of shape (N,)
        Sum of l over the patches at every dipole.
    out : ndarray
        What is computed.
    """
    r = geometry.rows.shape[1]
    for e in range(r):
        out[e] = 0.0
    radius = 0.5 * extent
    i, last = geometry.start[centre], geometry.start[centre + 1]
    # Four dipoles at a time, whose rows lie anywhere in memory and are waited for together.
    while i + 4 <= last and geometry.distance[i + 3] < radius:
        w0, w1 = _share(geometry, i, radius, total), _share(geometry, i + 1, radius, total)
        w2, w3 = _share(geometry, i + 2, radius, total), _share(geometry, i + 3, radius, total)
        a0, a1 = geometry.rows[geometry.near[i]], geometry.rows[geometry.near[i + 1]]
        a2, a3 = geometry.rows[geometry.near[i + 2]], geometry.rows[geometry.near[i + 3]]
        for e in range(r):
            out[e] += w0 * a0[e] + w1 * a1[e] + w2 * a2[e] + w3 * a3[e]
        i += 4
    while i < last and geometry.distance[i] < radius:
        weight, row = _share(geometry, i, radius, total), geometry.rows[geometry.near[i]]
        for e in range(r):
            out[e] += weight * row[e]
        i += 1
    for e in range(r):
        out[e] *= boost


@njit(cache=True, inner=True)
def _pick(geometry: Geometry, j: int, weight: float, i: int, room: Scratch) -> None:
    row, picked = geometry.rows[j], room.picked[i]
    for e in range(len(row)):
        picked[e] = row[e]
    room.weight[i] = weight


@njit(cache=True, inner=True, error_model="numpy")
def _gram(picked: np.ndarray, weight: np.ndarray, count: int, product: np.ndarray) -> None:
    """Sum of weight a a' over the picked rows, which are a multiple of 8, in product's columns.

    BLAS is no faster at this size, and the sums of one with threads depend on their number.
    """
    rank, columns = product.shape
    for a in range(rank):
        for b in range(columns):
            product[a, b] = np.float32(0.0)
    for i in range(0, count, 8):
        a0, a1, a2, a3 = picked[i], picked[i + 1], picked[i + 2], picked[i + 3]
        a4, a5, a6, a7 = picked[i + 4], picked[i + 5], picked[i + 6], picked[i + 7]
        for a in range(rank):
            f0, f1 = weight[i] * a0[a], weight[i + 1] * a1[a]
            f2, f3 = weight[i + 2] * a2[a], weight[i + 3] * a3[a]
            f4, f5 = weight[i + 4] * a4[a], weight[i + 5] * a5[a]
            f6, f7 = weight[i + 6] * a6[a], weight[i + 7] * a7[a]
            row = product[a]
            for b in range(columns):
                row[b] += (
                    f0 * a0[b]
                    + f1 * a1[b]
                    + f2 * a2[b]
                    + f3 * a3[b]
                    + f4 * a4[b]
                    + f5 * a5[b]
                    + f6 * a6[b]
                    + f7 * a7[b]
                )


@njit(cache=True, inner=True)
def _pad(count: int, room: Scratch) -> int:
    """Fill up the picked rows to a multiple of 8 by rows that weigh nothing."""
    while count % 8:
        room.weight[count] = np.float32(0.0)
        count += 1
    return count


@njit(cache=True, error_model="numpy")
def own_matrix(
    geometry: Geometry, boost: float, count: int, room: Scratch, out: np.ndarray
) -> None:
    """Compute I + sum over the active of (w^2 - 1) a a', and what lies beside the brain.

    Parameters
    ----------
    geometry : Geometry
        The dipoles.
    boost : float
        The boost.
    count : int
        How many dipoles are active.
    room : Scratch
        Room for the computation.
    out : ndarray
        What is computed.
    """
    r = geometry.rows.shape[1]
    for i in range(count):
        j = room.active[i]
        weight = boost * (1.0 - min(room.total[j], 1.0))
        _pick(geometry, j, weight * weight - 1.0, i, room)
    _gram(room.picked, room.weight, _pad(count, room), room.product)
    for a in range(r):
        for b in range(r):
            out[a, b] = room.product[a, b] + geometry.beside[a, b]
        out[a, a] += 1.0


@njit(cache=True, inner=True, error_model="numpy")
def own_change(
    geometry: Geometry,
    boost: float,
    count: int,
    left: int,
    room: Scratch,
    before: np.ndarray,
    out: np.ndarray,
) -> None:
    """Compute the matrix of :func:`own_matrix` from that of the state that is left.

    Parameters
    ----------
    geometry : Geometry
        The dipoles.
    boost : float
        The boost.
    count : int
        How many dipoles are active.
    left : int
        How many dipoles are active in the state that is left.
    room : Scratch
        Room for the computation.
    before : ndarray of shape (r, r)
        The matrix of the state that is left.
    out : ndarray
        What is computed.
    """
    r = geometry.rows.shape[1]
    found = 0
    for i in range(count):
        j = room.active[i]
        if room.total[j] != room.before[j]:
            there = boost * (1.0 - min(room.total[j], 1.0))
            here = 1.0
            if room.before[j] > 0.0:
                here = boost * (1.0 - min(room.before[j], 1.0))
            _pick(geometry, j, there * there - here * here, found, room)
            found += 1
    for i in range(left):
        j = room.was[i]
        if room.total[j] == 0.0:
            here = boost * (1.0 - min(room.before[j], 1.0))
            _pick(geometry, j, 1.0 - here * here, found, room)
            found += 1
    _gram(room.picked, room.weight, _pad(found, room), room.product)
    for a in range(r):
        for b in range(r):
            out[a, b] = before[a, b] + room.product[a, b]
