"""Whether two surfaces, or two parts of one, cut through each other."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

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
    corners = second[0][second[1]]
    centroids = corners.mean(axis=1)
    middle = (start + end) / 2
    reach = np.linalg.norm(corners - centroids[:, None], axis=2).max()
    reach += np.linalg.norm(end - start, axis=1).max() / 2
    found = cKDTree(centroids).query_ball_point(middle, reach)
    edge = np.repeat(np.arange(len(pairs)), [len(f) for f in found])
    triangle = np.fromiter((t for f in found for t in f), np.int64, len(edge))
    if first is second:
        near = second[1][triangle]
        apart = (near[:, :, None] != pairs[edge][:, None, :]).all(axis=(1, 2))
        edge, triangle = edge[apart], triangle[apart]
    p, q = start[edge], end[edge]
    a, b, c = np.moveaxis(corners[triangle], 1, 0)
    before, behind = _signed(p, a, b, c), _signed(q, a, b, c)
    turns = np.sign([_signed(p, q, a, b), _signed(p, q, b, c), _signed(p, q, c, a)])
    hit = (before * behind < 0) & (np.abs(turns.sum(axis=0)) == 3)
    return middle[edge[hit][0]] if hit.any() else None


def _signed(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Six times the signed volume of each tetrahedron."""
    return np.einsum("ij,ij->i", b - a, np.cross(c - a, d - a))
