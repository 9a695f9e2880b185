"""Whether two surfaces, or two parts of one, cut through each other."""

from __future__ import annotations

import numpy as np

from multisource.compiled import njit
from multisource.geometry.surfaces import Surface, edges

_MOST_CELLS = 20_000_000


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
    edge, _ = crossings(first, second)
    return first[0][edge[0]].mean(axis=0) if len(edge) else None


def crossings(first: Surface, second: Surface) -> tuple[np.ndarray, np.ndarray]:
    """Find all edges of one surface that pierce triangles of another.

    Parameters
    ----------
    first, second : Surface
        As for :func:`crossing`.

    Returns
    -------
    edge : ndarray of int, shape (k, 2)
        Ends of the edges that pierce a triangle, vertices of ``first``.
    triangle : ndarray of int, shape (k,)
        The triangle of ``second`` that each pierces.
    """
    pairs = _unique_edges(np.asarray(first[1], np.int64))
    points, triangles = np.asarray(second[0], float), np.asarray(second[1], np.int64)
    corners = points[triangles]
    low, high = corners.min(axis=1), corners.max(axis=1)
    # Cubes as large as a triangle; larger where that would be too many.
    origin = low.min(axis=0)
    whole = high.max(axis=0) - origin
    size = max(float((high - low).max(axis=1).mean()), 1e-9)
    size = max(size, float((whole.prod() / _MOST_CELLS) ** (1 / 3)), float(whole.max()) / 4000)
    shape = (whole / size).astype(np.int64) + 1
    start, members = _sorted_into(low, high, origin, size, shape)
    edge, triangle = _pierced(
        np.asarray(first[0], float),
        pairs,
        points,
        triangles,
        (origin, size, shape),
        start,
        members,
        first is second,
    )
    return pairs[edge], triangle


def _unique_edges(triangles: np.ndarray) -> np.ndarray:
    pairs = np.sort(edges(triangles), axis=1)
    # As one number each, which sort ten times faster than rows.
    count = int(triangles.max(initial=0)) + 1
    return np.stack(np.divmod(np.unique(pairs[:, 0] * count + pairs[:, 1]), count), axis=1)


def _sorted_into(
    low: np.ndarray, high: np.ndarray, origin: np.ndarray, size: float, shape: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """List the boxes of each cube: where its list starts, and all lists."""
    first = ((low - origin) / size).astype(np.int64)
    last = np.minimum(((high - origin) / size).astype(np.int64), shape - 1)
    start = np.zeros(shape.prod() + 1, np.int64)
    _count(first, last, shape, start)
    np.cumsum(start, out=start)
    members = np.empty(start[-1], np.int64)
    _fill(first, last, shape, start[:-1].copy(), members)
    return start, members


@njit(cache=True)
def _count(first: np.ndarray, last: np.ndarray, shape: np.ndarray, start: np.ndarray) -> None:
    for box in range(len(first)):
        for i in range(first[box, 0], last[box, 0] + 1):
            for j in range(first[box, 1], last[box, 1] + 1):
                for k in range(first[box, 2], last[box, 2] + 1):
                    start[(i * shape[1] + j) * shape[2] + k + 1] += 1


@njit(cache=True)
def _fill(
    first: np.ndarray, last: np.ndarray, shape: np.ndarray, free: np.ndarray, members: np.ndarray
) -> None:
    for box in range(len(first)):
        for i in range(first[box, 0], last[box, 0] + 1):
            for j in range(first[box, 1], last[box, 1] + 1):
                for k in range(first[box, 2], last[box, 2] + 1):
                    cube = (i * shape[1] + j) * shape[2] + k
                    members[free[cube]] = box
                    free[cube] += 1


@njit(cache=True)
def _pierced(
    nodes: np.ndarray,
    pairs: np.ndarray,
    points: np.ndarray,
    triangles: np.ndarray,
    grid: tuple[np.ndarray, float, np.ndarray],
    start: np.ndarray,
    members: np.ndarray,
    same: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the edges that pierce triangles, and of those, each pair once."""
    origin, size, shape = grid
    tried = np.full(len(triangles), -1, np.int64)  # the last edge that a triangle was tried on
    found_edge, found_triangle = [0][:0], [0][:0]
    lower, upper = np.empty(3, np.int64), np.empty(3, np.int64)
    for edge in range(len(pairs)):
        p, q = nodes[pairs[edge, 0]], nodes[pairs[edge, 1]]
        beyond = False
        for d in range(3):
            lower[d] = max(np.floor((min(p[d], q[d]) - origin[d]) / size), 0)
            upper[d] = min(np.floor((max(p[d], q[d]) - origin[d]) / size), shape[d] - 1)
            beyond |= lower[d] > upper[d]
        if beyond:
            continue
        for i in range(lower[0], upper[0] + 1):
            for j in range(lower[1], upper[1] + 1):
                for k in range(lower[2], upper[2] + 1):
                    cube = (i * shape[1] + j) * shape[2] + k
                    for place in range(start[cube], start[cube + 1]):
                        triangle = members[place]
                        if tried[triangle] == edge:
                            continue
                        tried[triangle] = edge
                        x, y, z = triangles[triangle]
                        if same and (
                            x in (pairs[edge, 0], pairs[edge, 1])
                            or y in (pairs[edge, 0], pairs[edge, 1])
                            or z in (pairs[edge, 0], pairs[edge, 1])
                        ):
                            continue
                        if _pierces(p, q, points[x], points[y], points[z]):
                            found_edge.append(edge)
                            found_triangle.append(triangle)
    return np.array(found_edge, np.int64), np.array(found_triangle, np.int64)


@njit(cache=True)
def _pierces(p: np.ndarray, q: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> bool:
    """Whether the segment from p to q passes through a triangle."""
    if _signed(p, a, b, c) * _signed(q, a, b, c) >= 0:
        return False
    one, two, three = _signed(p, q, a, b), _signed(p, q, b, c), _signed(p, q, c, a)
    return (one > 0 and two > 0 and three > 0) or (one < 0 and two < 0 and three < 0)


@njit(cache=True)
def _signed(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> float:
    """Six times the signed volume of a tetrahedron."""
    ux, uy, uz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    vx, vy, vz = d[0] - a[0], d[1] - a[1], d[2] - a[2]
    return (
        (b[0] - a[0]) * (uy * vz - uz * vy)
        + (b[1] - a[1]) * (uz * vx - ux * vz)
        + (b[2] - a[2]) * (ux * vy - uy * vx)
    )
