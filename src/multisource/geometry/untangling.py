"""Surfaces that cut through themselves, and how they are made to let go."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from multisource.geometry.crossing import crossings
from multisource.geometry.neighbours import smooth

_ROUNDS = 40
_RETREAT = 0.5  # of the way, in a round
_HOME = 0.02  # of the way: nearer is there
_PARTED = 0.1  # of the way that smoothing takes, half-way to the mean of the neighbours


def tangled(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Find the vertices of edges and triangles that cut through each other.

    Parameters
    ----------
    points : ndarray of shape (n, 3)
        mm.
    triangles : ndarray of int, shape (m, 3)
        Vertex indices.

    Returns
    -------
    ndarray of bool, shape (n,)
        Whether each vertex is of an edge that pierces a triangle, or of the triangle.
    """
    found = np.zeros(len(points), bool)
    surface = points, triangles
    edge, triangle = crossings(surface, surface)
    found[edge] = found[triangles[triangle]] = True
    return found


def apart(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Part vertices that lie in one place, as where corners of voxels touch.

    Parameters
    ----------
    points : ndarray of shape (n, 3)
        mm.
    triangles : ndarray of int, shape (m, 3)
        Vertex indices.

    Returns
    -------
    ndarray of shape (n, 3)
        The points; those that coincide a little nearer to the mean of their own neighbours.
    """
    _, place, count = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    shared = count[place.ravel()] > 1
    parted = points.copy()
    parted[shared] += _PARTED * (smooth(points, triangles, 1) - points)[shared]
    return parted


def retreat(place: Callable[[np.ndarray], np.ndarray], triangles: np.ndarray) -> np.ndarray:
    """Shorten the ways on which a surface has moved, where it cuts through itself.

    Parameters
    ----------
    place : callable
        From the share (n,) of its way that each vertex has gone, 0 to 1, to its points (n, 3), mm.
        With all shares 0 the surface must not cut through itself.
    triangles : ndarray of int, shape (m, 3)
        Vertex indices.

    Returns
    -------
    ndarray of shape (n, 3)
        Points of a surface that does not cut through itself, mm; or what there is after 40 rounds.
    """
    shares = np.ones(int(triangles.max()) + 1)
    points = place(shares)
    for _ in range(_ROUNDS):
        bad = tangled(points, triangles)
        if not bad.any():
            break
        shares[bad] *= _RETREAT
        shares[bad & (shares < _HOME)] = 0
        points = place(shares)
    return points
