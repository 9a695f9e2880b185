"""Spikes of a cortex that have no room on its sphere, taken off.

Where a spike hangs on a neck of a few voxels its triangles share almost no place on the sphere. The
edge of such a triangle that is shortest there is drawn together, which takes two triangles away;
the surface stays closed and of genus zero.
"""

from __future__ import annotations

import numpy as np

from multisource.anatomy.sphere import unmapped
from multisource.geometry.surfaces import triangle_areas

_ROUNDS = 50


def without_spikes(
    sphere: np.ndarray, white: np.ndarray, triangles: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw edges together until no triangle is flipped or collapsed on the sphere.

    Parameters
    ----------
    sphere, white : ndarray of shape (n, 3)
        Vertices on the sphere and on the white surface, mm.
    triangles : ndarray of int, shape (m, 3)
        Vertex indices of both.

    Returns
    -------
    kept : ndarray of int, shape (k,)
        The vertices that are left.
    triangles : ndarray of int, shape (m - 2 (n - k), 3)
        Indices of vertices that are left, in their new order. Some may be bad still, where no edge
        can be drawn together.
    """
    triangles = np.array(triangles)
    for _ in range(_ROUNDS):
        bad = np.flatnonzero(unmapped(sphere, white, triangles))
        done = False
        for triangle in bad:
            for one, other in _edges_by_length(sphere, triangles[triangle]):
                merged = _merged(sphere, white, triangles, one, other)
                if merged is not None:
                    triangles, done = merged, True
                    break
            if done:
                break
        if not done:
            break
    kept = np.unique(triangles)
    number = np.full(len(sphere), -1)
    number[kept] = np.arange(len(kept))
    return kept, number[triangles]


def _edges_by_length(points: np.ndarray, triangle: np.ndarray) -> list[tuple[int, int]]:
    """Both ways of drawing each edge of a triangle together, the shortest edge first."""
    a, b, c = (int(corner) for corner in triangle)
    edges = sorted(
        ((a, b), (b, c), (c, a)), key=lambda e: float(np.linalg.norm(points[e[0]] - points[e[1]]))
    )
    return [way for one, other in edges for way in ((one, other), (other, one))]


def _merged(
    sphere: np.ndarray, white: np.ndarray, triangles: np.ndarray, stays: int, goes: int
) -> np.ndarray | None:
    """Return the triangles with one vertex drawn into another; None if that would do harm."""
    of_stays, of_goes = (triangles == vertex for vertex in (stays, goes))
    around = of_goes.any(axis=1)
    shared = around & of_stays.any(axis=1)
    common = np.intersect1d(triangles[of_stays.any(axis=1)], triangles[around])
    # Two triangles and their far corners, or the surface would pinch (link condition).
    if shared.sum() != 2 or len(common) != 4:
        return None
    changed = around & ~shared
    before = triangles[around]
    after = np.where(triangles[changed] == goes, stays, triangles[changed])
    total = triangle_areas(white, triangles).sum() / triangle_areas(sphere, triangles).sum()
    if _bad(sphere, white, after, total) >= _bad(sphere, white, before, total):
        return None
    result = triangles.copy()
    result[changed] = after
    return result[~shared]


def _bad(sphere: np.ndarray, white: np.ndarray, triangles: np.ndarray, total: float) -> int:
    """How many of some triangles are bad, by the share that all have."""
    return int(unmapped(sphere, white, triangles, total).sum())
