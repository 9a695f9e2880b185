"""Triangle surfaces: closedness, containment, exact distance, smoothing.

A surface is a pair (vertices (n, 3) float, triangles (m, 3) int) with triangles turning
counter-clockwise as seen from outside, in any one length unit.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

Surface = tuple[np.ndarray, np.ndarray]


def edges(triangles: np.ndarray) -> np.ndarray:
    """Directed edges (3 m, 2), one a side of each triangle."""
    return triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)


def is_closed(triangles: np.ndarray) -> bool:
    """Whether every edge is shared by exactly two triangles that run it in opposite directions."""
    pairs = edges(np.asarray(triangles, dtype=np.int64))
    span = int(triangles.max()) + 1
    forward = np.sort(pairs[:, 0] * span + pairs[:, 1])
    backward = np.sort(pairs[:, 1] * span + pairs[:, 0])
    return bool(np.all(np.diff(forward) > 0) and np.array_equal(forward, backward))


def euler_number(triangles: np.ndarray) -> int:
    """Vertices - edges + faces of the vertices in use: 2 for a sphere, whatever its shape."""
    unique = np.unique(np.sort(edges(triangles), axis=1), axis=0)
    return len(np.unique(triangles)) - len(unique) + len(triangles)


def volume(vertices: np.ndarray, triangles: np.ndarray) -> float:
    """Enclosed volume (unit cubed); positive when the triangles face outwards."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)


def triangle_areas(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Area of each triangle (m,)."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2.0


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Unit outward normals (n, 3): mean of the triangle normals, weighted by area."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices, dtype=float)
    for k in range(3):
        np.add.at(normals, triangles[:, k], face)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return normals / np.where(length > 0, length, 1.0)


def adjacency(triangles: np.ndarray, count: int) -> sparse.csr_array:
    """Symmetric 0/1 matrix (count, count) of vertices that share an edge, empty diagonal."""
    pairs = edges(triangles)
    ones = np.ones(len(pairs))
    graph = sparse.coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count)).tocsr()
    graph = graph + graph.T
    graph.data[:] = 1.0
    return graph


def smooth(values: np.ndarray, triangles: np.ndarray, steps: int) -> np.ndarray:
    """Average each vertex's value (n,) or (n, k) with its neighbours' mean, ``steps`` times."""
    graph = adjacency(triangles, len(values))
    degree = graph.sum(axis=1)
    weights = sparse.diags_array(0.5 / degree) @ graph
    for _ in range(steps):
        values = 0.5 * values + weights @ values
    return values


def closest_points(
    vertices: np.ndarray, triangles: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nearest points of a surface to given points: exact, on triangles and not only vertices.

    Returns the projections (p, 3), their distances (p,) and their triangles (p,).
    """
    points = np.atleast_2d(np.asarray(points, dtype=float))
    corners = vertices[triangles]
    centroids = corners.mean(axis=1)
    reach = np.linalg.norm(corners - centroids[:, None], axis=2).max()
    bound, _ = cKDTree(vertices[np.unique(triangles)]).query(points)
    # The nearest triangle touches the ball that reaches the nearest vertex, so its centroid lies
    # within that radius plus the largest centroid-to-corner distance.
    found = cKDTree(centroids).query_ball_point(points, bound + reach * (1 + 1e-9))
    owner = np.repeat(np.arange(len(points)), [len(f) for f in found])
    candidate = np.concatenate([np.asarray(f, dtype=np.int64) for f in found])
    nearest = _closest_on_triangles(points[owner], *np.moveaxis(corners[candidate], 1, 0))
    distance = np.linalg.norm(nearest - points[owner], axis=1)
    order = np.lexsort((distance, owner))
    best = order[np.searchsorted(owner[order], np.arange(len(points)))]
    return nearest[best], distance[best], candidate[best]


def _closest_on_triangles(p: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Closest point of each triangle (a, b, c) to its point p, all (k, 3)."""
    ab, ac = b - a, c - a
    normal = np.cross(ab, ac)
    squared = np.einsum("ij,ij->i", normal, normal)
    squared = np.where(squared > 0, squared, 1.0)
    offset = p - a
    # Barycentric coordinates of the foot of the perpendicular.
    v = np.einsum("ij,ij->i", np.cross(offset, ac), normal) / squared
    w = np.einsum("ij,ij->i", np.cross(ab, offset), normal) / squared
    inside = (v >= 0) & (w >= 0) & (v + w <= 1)
    best = a + v[:, None] * ab + w[:, None] * ac
    gap = np.where(inside, np.linalg.norm(best - p, axis=1), np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        along = end - start
        length = np.einsum("ij,ij->i", along, along)
        t = np.einsum("ij,ij->i", p - start, along) / np.where(length > 0, length, 1.0)
        foot = start + np.clip(t, 0, 1)[:, None] * along
        far = np.linalg.norm(foot - p, axis=1)
        closer = far < gap
        best[closer], gap[closer] = foot[closer], far[closer]
    return best


def contains(vertices: np.ndarray, triangles: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Whether each point (p, 3) lies inside a closed surface: parity of crossings along +z."""
    points = np.atleast_2d(np.asarray(points, dtype=float))
    # Vertices often share coordinates with the points asked about; a shift far below any
    # tolerance keeps the vertical ray off edges and corners.
    xy = points[:, :2] + 1e-7 * np.ptp(vertices, axis=0).max() * np.array([0.6180339, 0.7548776])
    corners = vertices[triangles]
    flat = corners[:, :, :2]
    centroids = flat.mean(axis=1)
    radius = np.linalg.norm(flat - centroids[:, None], axis=2).max()
    found = cKDTree(centroids).query_ball_point(xy, radius * (1 + 1e-6))
    owner = np.repeat(np.arange(len(points)), [len(f) for f in found])
    if not len(owner):
        return np.zeros(len(points), dtype=bool)
    candidate = np.concatenate([np.asarray(f, dtype=np.int64) for f in found])
    weights, hit = _barycentric(xy[owner], flat[candidate])
    height = np.einsum("ij,ij->i", weights, corners[candidate][:, :, 2])
    above = hit & (height > points[owner, 2])
    return np.bincount(owner[above], minlength=len(points)) % 2 == 1


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
    """Distance (d,) from ``centre`` to the outermost crossing along unit ``directions`` (d, 3)."""
    corners = vertices[triangles] - centre
    middle = corners.mean(axis=1)
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    unit = corners / np.linalg.norm(corners, axis=2, keepdims=True)
    reach = np.linalg.norm(unit - middle[:, None], axis=2).max()
    found = cKDTree(middle).query_ball_point(directions, reach * (1 + 1e-6))
    owner = np.repeat(np.arange(len(directions)), [len(f) for f in found])
    candidate = np.concatenate([np.asarray(f, dtype=np.int64) for f in found])
    a, b, c = np.moveaxis(corners[candidate], 1, 0)
    ray = directions[owner]
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
    result = np.zeros(len(directions))
    np.maximum.at(result, owner[hit], distance[hit])
    return result


def plane_section(
    vertices: np.ndarray, triangles: np.ndarray, axis: int, position: float
) -> np.ndarray:
    """Segments (k, 2, 3) in which a surface crosses the plane coordinate[axis] = position."""
    # Vertices in the plane count as above it, so each crossed triangle gives one segment.
    height = vertices[triangles][:, :, axis] - position
    above = height >= 0
    crossed = above.any(axis=1) & ~above.all(axis=1)
    corners, height, above = vertices[triangles[crossed]], height[crossed], above[crossed]
    lone = np.where(above.sum(axis=1) == 1, above.argmax(axis=1), (~above).argmax(axis=1))
    rows = np.arange(len(lone))
    ends = []
    for step in (1, 2):
        other = (lone + step) % 3
        t = height[rows, lone] / (height[rows, lone] - height[rows, other])
        ends.append(corners[rows, lone] + t[:, None] * (corners[rows, other] - corners[rows, lone]))
    return np.stack(ends, axis=1)
