"""The points of a surface nearest to given points: exact, on triangles and not only vertices."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from multisource.geometry.candidates import within_reach


def closest_points(
    vertices: np.ndarray, triangles: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the nearest point of a surface to each given point.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        In any one unit of length.
    triangles : ndarray of int, shape (m, 3)
        Any triangles: the surface need not be closed.
    points : ndarray of shape (p, 3)
        In the unit of the vertices.

    Returns
    -------
    nearest : ndarray of shape (p, 3)
        Points of the surface, in the unit of the vertices.
    distance : ndarray of shape (p,)
        From each point to its nearest one.
    triangle : ndarray of int, shape (p,)
        The triangle that holds each nearest point.
    """
    points = np.atleast_2d(np.asarray(points, dtype=float))
    corners = vertices[triangles]
    centroids = corners.mean(axis=1)
    radius = np.linalg.norm(corners - centroids[:, None], axis=2).max(axis=1)
    bound, _ = cKDTree(vertices[np.unique(triangles)]).query(points)
    # The nearest triangle touches the ball that reaches the nearest vertex, so its centroid lies
    # within that radius plus its distance to its farthest corner.
    slack = 1 + 1e-9
    parts = []
    for owner, candidate in within_reach(centroids, points, (bound + radius.max()) * slack):
        far = np.linalg.norm(centroids[candidate] - points[owner], axis=1)
        some = far <= (bound[owner] + radius[candidate]) * slack
        owner, candidate = owner[some], candidate[some]
        nearest = _closest_on_triangles(points[owner], *np.moveaxis(corners[candidate], 1, 0))
        distance = np.linalg.norm(nearest - points[owner], axis=1)
        order = np.lexsort((distance, owner))
        best = order[np.searchsorted(owner[order], np.unique(owner))]
        parts.append((nearest[best], distance[best], candidate[best]))
    nearest, distance, triangle = map(np.concatenate, zip(*parts, strict=True))
    return nearest, distance, triangle


def _closest_on_triangles(p: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Closest point of each triangle (a, b, c) to its point p, all (k, 3)."""
    ab, ac = b - a, c - a
    normal = np.cross(ab, ac)
    squared = _dot(normal, normal)
    squared = np.where(squared > 0, squared, 1.0)
    offset = p - a
    # Barycentric coordinates of the foot of the perpendicular.
    v = _dot(np.cross(offset, ac), normal) / squared
    w = _dot(np.cross(ab, offset), normal) / squared
    inside = (v >= 0) & (w >= 0) & (v + w <= 1)
    best = a + v[:, None] * ab + w[:, None] * ac
    gap = np.where(inside, np.linalg.norm(best - p, axis=1), np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        along = end - start
        length = _dot(along, along)
        t = _dot(p - start, along) / np.where(length > 0, length, 1.0)
        foot = start + np.clip(t, 0, 1)[:, None] * along
        far = np.linalg.norm(foot - p, axis=1)
        closer = far < gap
        best[closer], gap[closer] = foot[closer], far[closer]
    return best


def _dot(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sum(x * y, axis=1)
