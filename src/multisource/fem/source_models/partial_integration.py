"""Partial integration: the gradient of the element functions at the dipole.

Yan, Nunez, Hart, Med. Biol. Eng. Comput. 29, 1991. The cheapest model and the least accurate on
tetrahedra; kept as a reference.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from multisource.fem.contract import Loads
from multisource.fem.locate import shape_gradients
from multisource.fem.mesh import Mesh


def loads(mesh: Mesh, positions: np.ndarray, elements: np.ndarray, local: np.ndarray) -> Loads:
    """Return the loads of unit dipoles.

    Parameters
    ----------
    mesh : Mesh
        Mesh with n nodes in mm.
    positions : ndarray of shape (N, 3)
        Dipoles, mm.
    elements : ndarray of int, shape (N,)
        Element of each.
    local : ndarray of shape (N, 3)
        Coordinates within the element.

    Returns
    -------
    Loads
        Loads (3N, n), 1/m, along x, y, z at each position.
    """
    gradients = shape_gradients(mesh, elements, local) * 1e3
    corners = mesh.elements[elements]
    rows = np.arange(3 * len(positions)).reshape(-1, 1, 3)
    rows = np.broadcast_to(rows, gradients.shape)
    columns = np.broadcast_to(corners[:, :, None], gradients.shape)
    return Loads(
        sparse.csr_array(
            (gradients.ravel(), (rows.ravel(), columns.ravel())),
            shape=(3 * len(positions), len(mesh.nodes)),
        )
    )
