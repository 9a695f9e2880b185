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
    """Return the foot points of electrodes on the mesh, and the weights that interpolate there.

    Parameters
    ----------
    mesh : Mesh
        Mesh with n nodes in mm.
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm.
    names : list of str, optional
        Names of the electrodes, for messages; None counts them.
    max_distance : float, optional
        Largest distance of an electrode from the surface of the mesh, mm.

    Returns
    -------
    feet : ndarray of shape (E, 3)
        Foot points, mm.
    weights : scipy.sparse.csr_array of shape (E, n)
        Values >= 0 of the nodes' functions at the foot points.

    Raises
    ------
    UserError
        For an electrode too far from the surface of the mesh, or coordinates that are not finite.
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
