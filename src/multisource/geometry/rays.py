"""Where rays cross a surface: points inside it, and distances along directions."""

from __future__ import annotations

import numpy as np

from multisource.geometry.candidates import within_reach


def contains(vertices: np.ndarray, triangles: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Tell which points lie inside a closed surface.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        In any one unit of length.
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, as rows of the vertices.
    points : ndarray of shape (p, 3)
        In the unit of the vertices.

    Returns
    -------
    ndarray of bool, shape (p,)
        Whether each point is inside: parity of crossings along +z.
    """
    points = np.atleast_2d(np.asarray(points, dtype=float))
    # Vertices often share coordinates with the points asked about; a shift far below any
    # tolerance keeps the vertical ray off edges and corners.
    xy = points[:, :2] + 1e-7 * np.ptp(vertices, axis=0).max() * np.array([0.6180339, 0.7548776])
    corners = vertices[triangles]
    flat = corners[:, :, :2]
    centroids = flat.mean(axis=1)
    radius = np.linalg.norm(flat - centroids[:, None], axis=2).max()
    crossings = np.zeros(len(points), dtype=np.int64)
    for owner, candidate in within_reach(centroids, xy, radius * (1 + 1e-6)):
        weights, hit = _barycentric(xy[owner], flat[candidate])
        height = np.einsum("ij,ij->i", weights, corners[candidate][:, :, 2])
        above = hit & (height > points[owner, 2])
        crossings += np.bincount(owner[above], minlength=len(points))
    return crossings % 2 == 1


def _barycentric(xy: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Barycentric weights (k, 3) of plane points in plane triangles (k, 3, 2), and a hit mask."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac, ap = b - a, c - a, xy - a
    area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    safe = np.where(area != 0, area, 1.0)
    v = (ap[:, 0] * ac[:, 1] - ap[:, 1] * ac[:, 0]) / safe
    w = (ab[:, 0] * ap[:, 1] - ab[:, 1] * ap[:, 0]) / safe
    hit = (area != 0) & (v >= 0) & (w >= 0) & (v + w <= 1)
    return np.stack([1 - v - w, v, w], axis=1), hit


def radial_distance(
    vertices: np.ndarray, triangles: np.ndarray, centre: np.ndarray, directions: np.ndarray
) -> np.ndarray:
    """Return the distance to the outermost crossing of a surface along directions.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        In any one unit of length.
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, as rows of the vertices.
    centre : ndarray of shape (3,)
        Where the rays start, in the unit of the vertices.
    directions : ndarray of shape (d, 3)
        Unit vectors.

    Returns
    -------
    ndarray of shape (d,)
        Distances, in the unit of the vertices; 0 where a ray crosses nothing.
    """
    corners = vertices[triangles] - centre
    middle = corners.mean(axis=1)
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    unit = corners / np.linalg.norm(corners, axis=2, keepdims=True)
    reach = np.linalg.norm(unit - middle[:, None], axis=2).max()
    result = np.zeros(len(directions))
    for owner, candidate in within_reach(middle, directions, reach * (1 + 1e-6)):
        distance, hit = _along(directions[owner], *np.moveaxis(corners[candidate], 1, 0))
        np.maximum.at(result, owner[hit], distance[hit])
    return result


def _along(
    ray: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Distance (k,) from the origin along rays to triangles, and whether they meet."""
    normal = np.cross(b - a, c - a)
    slope = np.einsum("ij,ij->i", normal, ray)
    slope = np.where(np.abs(slope) > 1e-12, slope, np.nan)
    distance = np.einsum("ij,ij->i", normal, a) / slope
    hit = distance > 0
    # Rays through a shared edge must hit at least one of its triangles.
    for start, end in ((a, b), (b, c), (c, a)):
        side = np.einsum("ij,ij->i", np.cross(start, end), ray) * np.sign(slope)
        scale = np.linalg.norm(start, axis=1) * np.linalg.norm(end, axis=1)
        hit &= side >= -1e-9 * scale
    return distance, hit
