"""Triangle surfaces: edges, closedness, areas, volume, normals, sections.

A surface is a pair (vertices (n, 3) float, triangles (m, 3) int) with triangles turning
counter-clockwise as seen from outside, in any one length unit.
"""

from __future__ import annotations

import numpy as np

Surface = tuple[np.ndarray, np.ndarray]


def edges(triangles: np.ndarray) -> np.ndarray:
    """List the directed edges of triangles.

    Parameters
    ----------
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, as rows of the vertices.

    Returns
    -------
    ndarray of int, shape (3 m, 2)
        One per side of each triangle.
    """
    return triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)


def is_closed(triangles: np.ndarray) -> bool:
    """Tell whether two triangles share every edge and run it in opposite directions.

    Parameters
    ----------
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, as rows of the vertices.

    Returns
    -------
    bool
        True where exactly two triangles share each edge so.
    """
    pairs = edges(np.asarray(triangles, dtype=np.int64))
    span = int(triangles.max()) + 1
    forward = np.sort(pairs[:, 0] * span + pairs[:, 1])
    backward = np.sort(pairs[:, 1] * span + pairs[:, 0])
    return bool(np.all(np.diff(forward) > 0) and np.array_equal(forward, backward))


def euler_number(triangles: np.ndarray) -> int:
    """Return vertices - edges + faces, of the vertices in use.

    Parameters
    ----------
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, as rows of the vertices.

    Returns
    -------
    int
        2 for a sphere, whatever its shape.
    """
    unique = np.unique(np.sort(edges(triangles), axis=1), axis=0)
    return len(np.unique(triangles)) - len(unique) + len(triangles)


def volume(vertices: np.ndarray, triangles: np.ndarray) -> float:
    """Return the enclosed volume.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        In any one unit of length.
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, as rows of the vertices.

    Returns
    -------
    float
        Unit cubed; positive when the triangles face outwards.
    """
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)


def triangle_areas(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return the area of each triangle.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        In any one unit of length.
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, as rows of the vertices.

    Returns
    -------
    ndarray of shape (m,)
        Unit squared.
    """
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2.0


def edge_lengths(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return the lengths of the three sides of each triangle.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        In any one unit of length.
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, as rows of the vertices.

    Returns
    -------
    ndarray of shape (m, 3)
        In the unit of the vertices.
    """
    corners = vertices[triangles]
    return np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)


def vertex_areas(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return the area of each vertex: a third of that of its triangles.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        In any one unit of length.
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, as rows of the vertices.

    Returns
    -------
    ndarray of shape (n,)
        Unit squared.
    """
    area = triangle_areas(vertices, triangles)
    return np.bincount(triangles.ravel(), np.repeat(area, 3), minlength=len(vertices)) / 3


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return the unit outward normal at each vertex.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        In any one unit of length.
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, as rows of the vertices.

    Returns
    -------
    ndarray of shape (n, 3)
        Mean of the triangle normals, weighted by area.
    """
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices, dtype=float)
    for k in range(3):
        np.add.at(normals, triangles[:, k], face)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return normals / np.where(length > 0, length, 1.0)


def tangents(normals: np.ndarray) -> np.ndarray:
    """Return two directions along a surface at points with given normals.

    Parameters
    ----------
    normals : ndarray of shape (n, 3)
        Normals, of any length.

    Returns
    -------
    ndarray of shape (n, 2, 3)
        Unit vectors, perpendicular to each other and to the normal.
    """
    return np.linalg.svd(normals[:, None, :])[2][:, 1:]


def plane_section(
    vertices: np.ndarray, triangles: np.ndarray, axis: int, position: float
) -> np.ndarray:
    """Return the segments in which a surface crosses the plane coordinate[axis] = position.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        In any one unit of length.
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, as rows of the vertices.
    axis : int
        0, 1 or 2.
    position : float
        Of the plane along the axis, in the unit of the vertices.

    Returns
    -------
    ndarray of shape (k, 2, 3)
        Ends of each segment, in the unit of the vertices.
    """
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
