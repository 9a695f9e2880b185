"""A sphere for any closed surface of genus zero, on which equal areas stay equal.

Subdivided octahedra on such a sphere pick vertices that are spread evenly over the surface. First
a harmonic map to the plane around a punctured triangle and back to the sphere (Haker et al., IEEE
TVCG 6, 2000; with positive weights it is Tutte's embedding, which cannot fold), centred by a
Moebius map; then the density of area is let diffuse away, the vertices drifting along (Gastner
and Newman, PNAS 101, 2004, on the sphere).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse
from scipy.sparse import linalg
from scipy.spatial import cKDTree

from multisource.geometry.icosphere import even_directions
from multisource.geometry.neighbours import adjacency, smooth
from multisource.geometry.surfaces import (
    euler_number,
    is_closed,
    triangle_areas,
    vertex_areas,
    volume,
)

RADIUS_MM = 100.0  # FreeSurfer's
COLLAPSED = 1e-3  # of its fair share of the sphere: a triangle with less has no dipole
_ROUNDS = 1
_GROWTH = 1.6  # of the time step of the diffusion


def equal_area_sphere(
    vertices: np.ndarray, triangles: np.ndarray, *, rounds: int = _ROUNDS
) -> np.ndarray:
    """Map a closed surface of genus zero to a sphere, equal areas staying equal.

    Parameters
    ----------
    vertices : ndarray of shape (n, 3)
        Positions on the surface, mm.
    triangles : ndarray of shape (m, 3)
        Indices of vertices.
    rounds : int
        How often the density of area is made even.

    Returns
    -------
    ndarray of shape (n, 3)
        Vertices on a sphere of 100 mm radius, mm.

    Raises
    ------
    ValueError
        When the surface is not a topological sphere.
    """
    if not is_closed(triangles) or euler_number(triangles) != 2:
        raise ValueError("surface is not a topological sphere")
    mass = vertex_areas(vertices, triangles)
    points = _centred(_harmonic_map(vertices, triangles), mass)
    for _ in range(rounds):
        points = _equalise(points, mass)
    return RADIUS_MM * _unfold(points, triangles)


def _harmonic_map(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Conformal map to the unit sphere, fold-free, triangles turned outwards."""
    weights = _cotangents(vertices, triangles)
    laplacian = sparse.diags_array(weights.sum(axis=1)) - weights
    # The puncture: a triangle of about median size, far from slivers.
    area = triangle_areas(vertices, triangles)
    hole = triangles[np.argsort(area)[len(area) // 2]]
    rim = np.exp(2j * np.pi * np.arange(3) / 3)
    free = np.setdiff1d(np.arange(len(vertices)), hole)
    system = laplacian.tocsr()[free]
    right = -(system[:, hole] @ np.stack([rim.real, rim.imag], axis=1))
    solve = linalg.splu(
        system[:, free].tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}
    )
    plane = np.empty((len(vertices), 2))
    plane[hole], plane[free] = np.stack([rim.real, rim.imag], axis=1), solve.solve(right)
    # Scale: half of the vertices within the unit circle, so that none crowd at a pole.
    plane -= np.median(plane, axis=0)
    plane /= np.median(np.linalg.norm(plane, axis=1))
    squared = (plane**2).sum(axis=1)[:, None]
    points = np.concatenate([2 * plane, squared - 1], axis=1) / (squared + 1)
    if volume(points, triangles) < 0:
        points[:, 0] *= -1
    return points


def _cotangents(vertices: np.ndarray, triangles: np.ndarray) -> sparse.csr_array:
    """Symmetric cotangent weights, kept positive."""
    count = len(vertices)
    weights = sparse.csr_array((count, count))
    for k in range(3):
        tip, i, j = triangles[:, k], triangles[:, (k + 1) % 3], triangles[:, (k + 2) % 3]
        a, b = vertices[i] - vertices[tip], vertices[j] - vertices[tip]
        sine = np.linalg.norm(np.cross(a, b), axis=1)
        cotangent = np.einsum("ij,ij->i", a, b) / np.maximum(sine, 1e-12)
        weights = weights + sparse.coo_array((cotangent, (i, j)), shape=(count, count)).tocsr()
    weights = (weights + weights.T) / 2
    weights.data = np.clip(weights.data, 0.05, 20.0)
    return weights


def _centred(points: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Moebius map of the sphere that brings the centre of ``mass`` to the middle."""
    for _ in range(200):
        centre = mass @ points / mass.sum()
        length = np.linalg.norm(centre)
        if length < 1e-3:
            break
        # Conformal boost against the centre (the ball model's hyperbolic translation).
        shift = -centre * min(0.5 / length, 1.0) * 0.9
        dot, size = points @ shift, shift @ shift
        points = ((1 - size) * points + 2 * (1 + dot)[:, None] * shift) / (1 + 2 * dot + size)[
            :, None
        ]
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points


def _equalise(points: np.ndarray, mass: np.ndarray, *, level: int = 5) -> np.ndarray:
    """Let the density of ``mass`` on the sphere diffuse, carrying the points along."""
    grid, triangles = even_directions(level)
    tree = cKDTree(grid)
    cell = vertex_areas(grid, triangles)
    cotangents = _cotangents(grid, triangles)
    stiffness = sparse.diags_array(cotangents.sum(axis=1)) - cotangents
    _, near = tree.query(points)
    density = np.bincount(near, mass, minlength=len(grid)) / cell
    density *= cell.sum() / (density @ cell)
    density = np.maximum(smooth(density, triangles, 1), 0.02)
    gradient = _gradient(grid, triangles)
    step, time = 0.2 * float(cell.mean()), 0.0
    while time < 3.0:
        system = (sparse.diags_array(cell) + step * stiffness).tocsc()
        density = linalg.splu(system, permc_spec="MMD_AT_PLUS_A").solve(cell * density)
        velocity = -gradient(density) / density[:, None]
        middle = _moved(points, _interpolate(tree, velocity, points), step / 2)
        points = _moved(points, _interpolate(tree, velocity, middle), step)
        time += step
        step *= _GROWTH
        if np.ptp(density) < 0.02:
            break
    return points


def _moved(points: np.ndarray, velocity: np.ndarray, step: float) -> np.ndarray:
    points = points + step * velocity
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def _interpolate(tree: cKDTree, values: np.ndarray, points: np.ndarray) -> np.ndarray:
    distance, index = tree.query(points, k=4)
    # Shepard's weights, reaching zero at the fourth neighbour, so that the field is continuous.
    weights = np.maximum(1 / np.maximum(distance, 1e-9) - 1 / distance[:, 3:].clip(1e-9), 0) ** 2
    weights += 1e-12
    return np.einsum("pk,pkd->pd", weights / weights.sum(axis=1, keepdims=True), values[index])


def _gradient(grid: np.ndarray, triangles: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Function from values at the vertices to tangential gradients there."""
    a, b, c = (grid[triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    double = np.linalg.norm(normal, axis=1, keepdims=True)
    unit = normal / double
    turned = [np.cross(unit, side) / double for side in (c - b, a - c, b - a)]
    weight = np.bincount(triangles.ravel(), np.repeat(double[:, 0], 3), minlength=len(grid))

    def gradient(values: np.ndarray) -> np.ndarray:
        face = sum(values[triangles[:, k], None] * turned[k] for k in range(3)) * double
        total = np.zeros_like(grid)
        for axis in range(3):
            total[:, axis] = np.bincount(
                triangles.ravel(), np.repeat(face[:, axis], 3), minlength=len(grid)
            )
        total /= weight[:, None]
        return total - np.einsum("ij,ij->i", total, grid)[:, None] * grid

    return gradient


def folded(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Find the triangles of a spherical map that are turned inwards.

    Parameters
    ----------
    points : ndarray of shape (n, 3)
        Vertices on a sphere about the origin.
    triangles : ndarray of shape (m, 3)
        Indices of vertices.

    Returns
    -------
    ndarray of bool, shape (m,)
        Whether each triangle is turned inwards.
    """
    a, b, c = (points[triangles[:, k]] for k in range(3))
    return np.einsum("ij,ij->i", a, np.cross(b, c)) <= 0


def unmapped(points: np.ndarray, vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Find the triangles that a spherical map turns inwards or collapses.

    Parameters
    ----------
    points : ndarray of shape (n, 3)
        Vertices on a sphere about the origin.
    vertices : ndarray of shape (n, 3)
        The same on the surface, mm.
    triangles : ndarray of shape (m, 3)
        Indices of vertices.

    Returns
    -------
    ndarray of bool, shape (m,)
        Whether each triangle is folded, or has less than ``COLLAPSED`` of its share of the sphere.
    """
    area, share = triangle_areas(vertices, triangles), triangle_areas(points, triangles)
    return folded(points, triangles) | (share / share.sum() < COLLAPSED * area / area.sum())


def _unfold(points: np.ndarray, triangles: np.ndarray, *, steps: int = 50) -> np.ndarray:
    """Move the vertices of folded triangles to the middle of their neighbours."""
    graph = adjacency(triangles, len(points))
    mean = sparse.diags_array(1 / graph.sum(axis=1)) @ graph
    for _ in range(steps):
        bad = folded(points, triangles)
        if not bad.any():
            break
        at = np.unique(triangles[bad])
        points = points.copy()
        points[at] = mean[at] @ points
        points[at] /= np.linalg.norm(points[at], axis=1, keepdims=True)
    return points
