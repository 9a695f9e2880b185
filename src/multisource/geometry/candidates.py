"""Which of many places are within reach of each of many points, a block of points at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.spatial import cKDTree

_BLOCK = 2048  # points that are looked at together: it bounds the memory


def within_reach(
    places: np.ndarray, points: np.ndarray, reach: float | np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the pairs of a point and a place that are at most ``reach`` apart.

    Parameters
    ----------
    places : ndarray of shape (n, d)
        Coordinates, in any one unit of length.
    points : ndarray of shape (p, d)
        In the unit of the places.
    reach : float or ndarray of shape (p,)
        Of all points, or of each.

    Yields
    ------
    point, place : ndarray of int, shape (k,)
        Pairs of the next points, in the order of the points. All pairs of a point come together.
    """
    tree = cKDTree(places)
    reach = np.broadcast_to(reach, len(points))
    for begin in range(0, len(points), _BLOCK):
        end = begin + _BLOCK
        found = tree.query_ball_point(points[begin:end], reach[begin:end])
        sizes = [len(f) for f in found]
        point = np.repeat(np.arange(begin, begin + len(found)), sizes)
        yield point, np.fromiter((t for f in found for t in f), np.int64, len(point))
