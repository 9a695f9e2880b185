"""A map of a closed surface of genus zero onto the sphere that folds and collapses nothing.

From coarse to fine (Praun and Hoppe, ACM TOG 22, 2003): the surface is taken down to a tetrahedron,
which has its place on the sphere, and vertices are put back one by one into the kernel of their
ring, so that every triangle is turned outwards at every moment. In between each vertex moves to
where an energy of its triangles is least, which is infinite where a triangle has no area: it asks
for equal areas and for equal angles.
"""

from __future__ import annotations

import numpy as np

from multisource.compiled import njit
from multisource.geometry.collapses import Collapses, Rings, collapse, put_back, rings_of
from multisource.geometry.surfaces import triangle_areas, vertex_areas

_SWEEPS = 4  # of all vertices, after each round
_LAST_SWEEPS = 4  # with the triangles as they are, not as coarser ones have it
_AREA = 6.0  # weight of areas against angles
_SQUEEZED = 0.03  # of its share of the sphere: a triangle with less is seen to on its own
_MOST_ROUNDS = 60  # of that
_SMALLEST = 0.02  # of the mean area: a triangle with less is given this share of the sphere
_SLIVER = 0.05  # area over squared longest side; one with less is taken for equilateral
_EQUILATERAL = 3**-0.5  # cotangent of its angles


def spherical_map(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Map a closed surface of genus zero onto the unit sphere, one to one.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        Positions on the surface, mm.
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, counter-clockwise from outside.

    Returns
    -------
    ndarray of shape (n, 3)
        Unit vectors. Each triangle is turned outwards, and together they cover the sphere once, as
        long as floating-point numbers can tell its corners apart.
    """
    area = triangle_areas(vertices, triangles)
    least = _SMALLEST * area.mean()
    scale = 4 * np.pi / np.maximum(area, least).sum()
    vertices = np.sqrt(scale) * np.asarray(vertices, float)
    surface = rings_of(triangles, vertex_areas(vertices, triangles))
    record = collapse(surface)
    points = _tetrahedron(surface, len(vertices))
    ends = [*record.rounds[1:], len(record.removed)]
    for first, last in zip(record.rounds[::-1], ends[::-1], strict=True):
        _grow(points, first, last, record, surface, vertices)
    every = np.arange(len(vertices))
    for _ in range(_LAST_SWEEPS):
        _sweep(every, points, surface.ring, surface.degree, surface.mass, vertices, least * scale)
    return points


def _tetrahedron(surface: Rings, count: int) -> np.ndarray:
    left = np.flatnonzero(surface.degree)
    points = np.zeros((count, 3))
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    points[left] = corners
    a, b, c = points[left[0]], points[surface.ring[left[0], 0]], points[surface.ring[left[0], 1]]
    if a @ np.cross(b, c) < 0:
        points[left] = -corners
    return points


def _grow(
    points: np.ndarray,
    first: int,
    last: int,
    record: Collapses,
    surface: Rings,
    vertices: np.ndarray,
) -> None:
    ring, degree, mass = surface.ring, surface.degree, surface.mass
    _put_back_all(
        first, last, points, record.removed, record.start, record.ring, ring, degree, mass, vertices
    )
    alive = np.flatnonzero(degree)
    for _ in range(_SWEEPS):
        _sweep(alive, points, ring, degree, mass, vertices, -1.0)
    _free(alive, points, surface, vertices, -1.0)


def _free(
    alive: np.ndarray, points: np.ndarray, surface: Rings, vertices: np.ndarray, least: float
) -> None:
    """Sweep where triangles are squeezed, and around, until none is: a sweep doubles their size."""
    ring, degree, mass = surface.ring, surface.degree, surface.mass
    for _ in range(_MOST_ROUNDS):
        marked = np.zeros(len(degree), np.uint8)
        if not _mark_squeezed(alive, marked, points, ring, degree, mass, vertices, least):
            break
        for _ in range(3):
            _mark_neighbours(alive, marked, ring, degree)
        near = np.flatnonzero(marked)
        for _ in range(3):
            _sweep(near, points, ring, degree, mass, vertices, least)


@njit(cache=True)
def _put_back_all(
    first: int,
    last: int,
    points: np.ndarray,
    removed: np.ndarray,
    start: np.ndarray,
    rings: np.ndarray,
    ring: np.ndarray,
    degree: np.ndarray,
    mass: np.ndarray,
    vertices: np.ndarray,
) -> None:
    """Put vertices back, the last that went first."""
    for k in range(last - 1, first - 1, -1):
        vertex = np.int64(removed[k])
        own = rings[start[k] : start[k + 1]]
        put_back(vertex, own, ring, degree, mass)
        _place(vertex, points, ring, degree)
        for _ in range(2):
            _relax(vertex, points, ring, degree, mass, vertices, -1.0)
            _relax(np.int64(own[0]), points, ring, degree, mass, vertices, -1.0)


@njit(cache=True)
def _volume(x: float, y: float, z: float, q: np.ndarray, r: np.ndarray) -> float:
    """Half the volume that three vectors span: for short sides the area of their triangle."""
    return 0.5 * (
        x * (q[1] * r[2] - q[2] * r[1])
        + y * (q[2] * r[0] - q[0] * r[2])
        + z * (q[0] * r[1] - q[1] * r[0])
    )


@njit(cache=True)
def _unit(x: float, y: float, z: float) -> tuple[float, float, float]:
    length = max(np.sqrt(x * x + y * y + z * z), 1e-300)
    return x / length, y / length, z / length


@njit(cache=True)
def _tangent(
    x: float, y: float, z: float, u: float, v: float, w: float
) -> tuple[float, float, float]:
    """Direction (u, v, w) along the sphere at a point, of length one."""
    radial = x * u + y * v + z * w
    return _unit(u - radial * x, v - radial * y, w - radial * z)


@njit(cache=True)
def _smallest(
    x: float, y: float, z: float, vertex: int, points: np.ndarray, ring: np.ndarray, size: int
) -> float:
    """Least area of the triangles round a vertex that stands at (x, y, z)."""
    least = np.inf
    for k in range(size):
        q, r = points[ring[vertex, k]], points[ring[vertex, (k + 1) % size]]
        least = min(least, _volume(x, y, z, q, r))
    return least


@njit(cache=True)
def _place(vertex: int, points: np.ndarray, ring: np.ndarray, degree: np.ndarray) -> None:
    """Put a vertex into the kernel of its ring, where every triangle is turned outwards.

    The ring's first vertex saw all of the ring's triangles, so that the kernel reaches it, between
    the directions of its two edges. Of the steps in that direction the one that leaves most to the
    smallest triangle is taken.
    """
    size = degree[vertex]
    x, y, z = points[ring[vertex, 0]]
    a, b = points[ring[vertex, 1]], points[ring[vertex, size - 1]]
    ux, uy, uz = _tangent(x, y, z, a[0] - x, a[1] - y, a[2] - z)
    wx, wy, wz = _tangent(x, y, z, b[0] - x, b[1] - y, b[2] - z)
    vx, vy, vz = y * uz - z * uy, z * ux - x * uz, x * uy - y * ux
    angle = np.arctan2(wx * vx + wy * vy + wz * vz, wx * ux + wy * uy + wz * uz)
    if angle <= 0:
        angle += 2 * np.pi
    cosine, sine = np.cos(angle / 2), np.sin(angle / 2)
    points[vertex] = points[ring[vertex, 0]]  # where arithmetic ends
    most, step = 0.0, 1.0
    for _ in range(60):
        px, py, pz = _unit(
            x + step * (cosine * ux + sine * vx),
            y + step * (cosine * uy + sine * vy),
            z + step * (cosine * uz + sine * vz),
        )
        least = _smallest(px, py, pz, vertex, points, ring, size)
        if least > most:
            most = least
            points[vertex, 0], points[vertex, 1], points[vertex, 2] = px, py, pz
        elif most > 0:
            break
        step *= 0.6


@njit(cache=True)
def _energy(
    x: float,
    y: float,
    z: float,
    vertex: int,
    points: np.ndarray,
    ring: np.ndarray,
    degree: np.ndarray,
    mass: np.ndarray,
    vertices: np.ndarray,
    least: float,
    slopes: np.ndarray,
) -> float:
    """Energy of the triangles round a vertex at (x, y, z); infinite where one is turned inwards.

    A triangle with area s on the sphere and t as its share counts t (Q + w (s/t + t/s)), with Q the
    sum of the ratios of the map's two stretches, which is 2 where angles are kept. ``slopes``
    (4, 3), if it has rows, gets the gradient (first row) and the second derivatives.
    """
    size = degree[vertex]
    total = 0.0
    if len(slopes):
        slopes[:] = 0
    for k in range(size):
        i, j = ring[vertex, k], ring[vertex, (k + 1) % size]
        q, r = points[i], points[j]
        s = _volume(x, y, z, q, r)
        if s <= 0:
            return np.inf
        share, own, at_i, at_j = _target(vertex, i, j, degree, mass, vertices, least)
        px, py, pz = x - q[0], y - q[1], z - q[2]
        rx, ry, rz = x - r[0], y - r[1], z - r[2]
        far = (q[0] - r[0]) ** 2 + (q[1] - r[1]) ** 2 + (q[2] - r[2]) ** 2
        bent = at_j * (px * px + py * py + pz * pz) + at_i * (rx * rx + ry * ry + rz * rz)
        bent = (bent + own * far) / (2 * s)
        total += share * (bent + _AREA * (s / share + share / s))
        if len(slopes):
            grow = (
                0.5 * (q[1] * r[2] - q[2] * r[1]),
                0.5 * (q[2] * r[0] - q[0] * r[2]),
                0.5 * (q[0] * r[1] - q[1] * r[0]),
            )
            pull = (
                (at_j * px + at_i * rx) / s,
                (at_j * py + at_i * ry) / s,
                (at_j * pz + at_i * rz) / s,
            )
            by_s = -bent / s + _AREA * (1 / share - share / (s * s))
            by_ss = 2 * (bent + _AREA * share / s) / (s * s)
            for d in range(3):
                slopes[0, d] += share * (pull[d] + by_s * grow[d])
                slopes[1 + d, d] += share * (at_i + at_j) / s
                for e in range(3):
                    mixed = pull[d] * grow[e] + grow[d] * pull[e]
                    slopes[1 + d, e] += share * (by_ss * grow[d] * grow[e] - mixed / s)
    return total


@njit(cache=True)
def _target(
    vertex: int,
    i: int,
    j: int,
    degree: np.ndarray,
    mass: np.ndarray,
    vertices: np.ndarray,
    least: float,
) -> tuple[float, float, float, float]:
    """Area that a triangle should have, and the cotangents of its angles.

    With ``least`` below 0 the masses of its corners tell, and it should be equilateral.
    """
    even = _EQUILATERAL
    if least < 0:
        share = mass[vertex] / degree[vertex] + mass[i] / degree[i] + mass[j] / degree[j]
        return share, even, even, even
    a = b = c = 0.0  # squared sides opposite the vertex, i and j
    for d in range(3):
        a += (vertices[i, d] - vertices[j, d]) ** 2
        b += (vertices[vertex, d] - vertices[j, d]) ** 2
        c += (vertices[vertex, d] - vertices[i, d]) ** 2
    # Heron's formula.
    area = 0.25 * np.sqrt(max(2 * (a * b + b * c + c * a) - (a * a + b * b + c * c), 0.0))
    share = max(area, least)
    if area < _SLIVER * max(a, b, c):
        return share, even, even, even
    area *= 4
    return share, (b + c - a) / area, (a + c - b) / area, (a + b - c) / area


@njit(cache=True)
def _relax(
    vertex: int,
    points: np.ndarray,
    ring: np.ndarray,
    degree: np.ndarray,
    mass: np.ndarray,
    vertices: np.ndarray,
    least: float,
) -> None:
    """Move a vertex by a step of Newton's that lessens its energy, or leave it."""
    x, y, z = points[vertex]
    slopes, none = np.empty((4, 3)), np.empty((0, 3))
    before = _energy(x, y, z, vertex, points, ring, degree, mass, vertices, least, slopes)
    # Two directions along the sphere.
    if abs(x) < 0.6:
        one = _tangent(x, y, z, 1.0, 0.0, 0.0)
    else:
        one = _tangent(x, y, z, 0.0, 1.0, 0.0)
    two = (y * one[2] - z * one[1], z * one[0] - x * one[2], x * one[1] - y * one[0])
    # The sphere bends away from them, so that the pull along the radius counts too.
    radial = slopes[0, 0] * x + slopes[0, 1] * y + slopes[0, 2] * z
    u = v = uv = 0.0
    uu = vv = -radial
    for d in range(3):
        u += slopes[0, d] * one[d]
        v += slopes[0, d] * two[d]
        for e in range(3):
            uu += one[d] * slopes[1 + d, e] * one[e]
            vv += two[d] * slopes[1 + d, e] * two[e]
            uv += one[d] * slopes[1 + d, e] * two[e]
    # Where the energy is not convex its least curvature is lifted.
    mean, half = (uu + vv) / 2, np.sqrt(((uu - vv) / 2) ** 2 + uv * uv)
    lift = max(0.0, 0.1 * (abs(mean) + half) - (mean - half))
    uu, vv = uu + lift, vv + lift
    determinant = uu * vv - uv * uv
    if not determinant > 0:
        return
    along, across = (uv * v - vv * u) / determinant, (uv * u - uu * v) / determinant
    size, best = 1.0, before
    for _ in range(8):
        px, py, pz = _unit(
            x + size * (along * one[0] + across * two[0]),
            y + size * (along * one[1] + across * two[1]),
            z + size * (along * one[2] + across * two[2]),
        )
        after = _energy(px, py, pz, vertex, points, ring, degree, mass, vertices, least, none)
        if after < best:
            points[vertex, 0], points[vertex, 1], points[vertex, 2] = px, py, pz
            # Where the energy falls as one over a length, Newton's steps are short.
            if size < 1 or after > 0.7 * best:
                return
            best = after
            size *= 2
        elif size > 1:
            return
        else:
            size /= 3


@njit(cache=True)
def _sweep(
    alive: np.ndarray,
    points: np.ndarray,
    ring: np.ndarray,
    degree: np.ndarray,
    mass: np.ndarray,
    vertices: np.ndarray,
    least: float,
) -> None:
    for vertex in alive:
        _relax(vertex, points, ring, degree, mass, vertices, least)


@njit(cache=True)
def _mark_squeezed(
    alive: np.ndarray,
    marked: np.ndarray,
    points: np.ndarray,
    ring: np.ndarray,
    degree: np.ndarray,
    mass: np.ndarray,
    vertices: np.ndarray,
    least: float,
) -> int:
    """Mark the corners of triangles that are far too small, and return how many there are."""
    count = 0
    for vertex in alive:
        x, y, z = points[vertex]
        for k in range(degree[vertex]):
            i, j = ring[vertex, k], ring[vertex, (k + 1) % degree[vertex]]
            share = _target(vertex, i, j, degree, mass, vertices, least)[0]
            if _volume(x, y, z, points[i], points[j]) < _SQUEEZED * share:
                marked[vertex] = 1
        count += marked[vertex]
    return count


@njit(cache=True)
def _mark_neighbours(
    alive: np.ndarray, marked: np.ndarray, ring: np.ndarray, degree: np.ndarray
) -> None:
    for vertex in alive:
        if marked[vertex] == 1:
            for k in range(degree[vertex]):
                marked[ring[vertex, k]] |= 2
    for vertex in alive:
        marked[vertex] = marked[vertex] > 0
