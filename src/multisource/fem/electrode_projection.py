"""Electrodes on the surface of a mesh.

An electrode enters as the values of the linear functions at its foot point on the outermost
surface. Moving it to the nearest node instead would cost several times the error of the
finite-element method itself.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from multisource.errors import UserError
from multisource.fem.locate import local_coordinates, shape_functions
from multisource.fem.mesh import Mesh


def project_electrodes(
    mesh: Mesh,
    electrodes: np.ndarray,
    *,
    names: list[str] | None = None,
    max_distance: float = 10.0,
) -> tuple[np.ndarray, sparse.csr_array]:
    """Return the foot points (E, 3) mm and the weights (E, n) >= 0 that interpolate there.

    ``electrodes`` (E, 3) mm. Raises UserError for an electrode more than ``max_distance`` mm from
    the mesh surface, or for coordinates that are not finite.
    """
    electrodes = np.atleast_2d(np.asarray(electrodes, float))
    names = names or [str(number) for number in range(len(electrodes))]
    for name, position in zip(names, electrodes, strict=True):
        if not np.all(np.isfinite(position)):
            raise UserError(f"electrode {name} has no position: give x, y, z in mm")
    faces, owners = mesh.boundary_faces()
    if mesh.is_hexahedral:
        faces = np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]])
        owners = np.concatenate([owners, owners])
    triangles = mesh.nodes[faces]
    feet, faces_hit = closest_on_triangles(electrodes, triangles)
    distance = np.linalg.norm(feet - electrodes, axis=1)
    worst = int(np.argmax(distance))
    if distance[worst] > max_distance:
        raise UserError(
            f"electrode {names[worst]} lies {distance[worst]:.1f} mm from the scalp (at most "
            f"{max_distance:g} mm): check its coordinates, in surface RAS mm"
        )
    elements = owners[faces_hit]
    # The faces of shifted hexahedra are bilinear, not two triangles: the foot may lie a little
    # outside the element, where the weights would extrapolate.
    local = np.clip(local_coordinates(mesh, elements, feet), 0.0, 1.0)
    values = shape_functions(mesh, local)
    feet = np.einsum("ek,ekd->ed", values, mesh.nodes[mesh.elements[elements]])
    rows = np.repeat(np.arange(len(electrodes)), values.shape[1])
    weights = sparse.csr_array(
        (values.ravel(), (rows, mesh.elements[elements].ravel())),
        shape=(len(electrodes), len(mesh.nodes)),
    )
    return feet, weights


def closest_on_triangles(
    points: np.ndarray, triangles: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the closest points (p, 3) on triangles (t, 3, 3) and the triangles' indices (p,)."""
    centres = triangles.mean(axis=1)
    radius = np.linalg.norm(triangles - centres[:, None], axis=2).max()
    tree = cKDTree(centres)
    nearest, _ = tree.query(points)
    feet = np.empty_like(points)
    index = np.empty(len(points), int)
    for number, point in enumerate(points):
        candidates = np.array(tree.query_ball_point(point, nearest[number] + 2 * radius))
        spots = _closest_on_each(point, triangles[candidates])
        best = int(np.argmin(np.sum((spots - point) ** 2, axis=1)))
        feet[number], index[number] = spots[best], candidates[best]
    return feet, index


def _closest_on_each(point: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Closest point of each triangle: the foot on its plane if inside, else on an edge."""
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    normal = np.cross(b - a, c - a)
    area = np.sum(normal**2, axis=1)
    area[area == 0] = 1.0
    offset = point - a
    v = np.sum(np.cross(offset, c - a) * normal, axis=1) / area
    w = np.sum(np.cross(b - a, offset) * normal, axis=1) / area
    best = a + v[:, None] * (b - a) + w[:, None] * (c - a)
    inside = (v >= 0) & (w >= 0) & (v + w <= 1)
    distance = np.where(inside, np.sum((best - point) ** 2, axis=1), np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        edge = end - start
        length = np.maximum(np.sum(edge**2, axis=1), 1e-300)
        share = np.clip(np.sum((point - start) * edge, axis=1) / length, 0, 1)
        spot = start + share[:, None] * edge
        closer = np.sum((spot - point) ** 2, axis=1)
        better = closer < distance
        best[better], distance[better] = spot[better], closer[better]
    return best
