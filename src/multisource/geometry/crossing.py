"""Whether two surfaces, or two parts of one, cut through each other."""

from __future__ import annotations

import numpy as np

from multisource.geometry.candidates import within_reach
from multisource.geometry.surfaces import Surface, edges


def crossing(first: Surface, second: Surface) -> np.ndarray | None:
    """Find a point where an edge of one surface pierces a triangle of another.

    Parameters
    ----------
    first : Surface
        The surface whose edges are tried.
    second : Surface
        The surface whose triangles are tried. Where it is ``first`` itself, triangles that share a
        vertex with the edge do not count.

    Returns
    -------
    ndarray of shape (3,) or None
        The middle of such an edge, in the unit of the vertices; None where nothing crosses.
    """
    pairs = np.unique(np.sort(edges(np.asarray(first[1])), axis=1), axis=0)
    start, end = first[0][pairs[:, 0]], first[0][pairs[:, 1]]
    middle, half = (start + end) / 2, np.linalg.norm(end - start, axis=1) / 2
    corners = second[0][second[1]]
    centroids = corners.mean(axis=1)
    radius = np.linalg.norm(corners - centroids[:, None], axis=2).max(axis=1)
    # Triangles of like size together: one that is large would make all look far.
    size = np.ceil(np.log2(np.maximum(radius, 1e-9)))
    for alike in np.unique(size):
        members = np.flatnonzero(size == alike)
        reach = half + radius[members].max()
        for edge, member in within_reach(centroids[members], middle, reach):
            triangle = members[member]
            if first is second:
                near = second[1][triangle]
                apart = (near[:, :, None] != pairs[edge][:, None, :]).all(axis=(1, 2))
                edge, triangle = edge[apart], triangle[apart]
            hit = _pierces(start[edge], end[edge], *np.moveaxis(corners[triangle], 1, 0))
            if hit.any():
                return middle[edge[hit][0]]
    return None


def _pierces(
    p: np.ndarray, q: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray
) -> np.ndarray:
    """Whether each segment from p to q passes through its triangle."""
    across = _signed(p, a, b, c) * _signed(q, a, b, c) < 0
    turns = np.sign([_signed(p, q, a, b), _signed(p, q, b, c), _signed(p, q, c, a)])
    return across & (np.abs(turns.sum(axis=0)) == 3)


def _signed(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Six times the signed volume of each tetrahedron."""
    return np.einsum("ij,ij->i", b - a, np.cross(c - a, d - a))
