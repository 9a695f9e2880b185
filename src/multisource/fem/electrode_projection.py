"""Electrodes on the surface of a mesh.

An electrode enters as the values of the linear functions at its foot point on the outermost
surface. Moving it to the nearest node instead would cost several times the error of the
finite-element method itself.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from multisource.errors import UserError
from multisource.fem.locate import local_coordinates, shape_functions
from multisource.fem.mesh import Mesh
from multisource.geometry.closest_points import closest_points


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
    feet, distance, faces_hit = closest_points(mesh.nodes, faces, electrodes)
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
