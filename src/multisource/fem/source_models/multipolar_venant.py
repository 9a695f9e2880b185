"""Venant's principle with multipole moments instead of powers of the coordinates.

Monopole, dipole and traceless quadrupole moments decide the far field of a charge distribution;
matching only these (10 conditions) leaves the monopoles freer than the 27 mixed powers do, which
helps near tissue boundaries on hexahedra. Vorwerk et al., Biomed. Eng. Online 18, 2019.
"""

from __future__ import annotations

import numpy as np

from multisource.fem.contract import Loads
from multisource.fem.mesh import Mesh
from multisource.fem.source_models import venant


def moments(offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the multipole moments of monopoles, and those of a dipole.

    Rows: total charge, three dipole components, six components of ``3 x_a x_b - r^2 delta_ab``.

    Parameters
    ----------
    offsets : ndarray of shape (k, 3)
        Scaled offsets of the monopoles from the dipole.

    Returns
    -------
    matrix : ndarray of shape (10, k)
        Moments of unit monopoles.
    target : ndarray of shape (10, 3)
        Moments of unit dipoles along x, y, z.
    """
    x, y, z = offsets.T
    square = np.sum(offsets**2, axis=1)
    matrix = np.stack(
        [
            np.ones(len(offsets)),
            x,
            y,
            z,
            3 * x * x - square,
            3 * y * y - square,
            3 * z * z - square,
            3 * x * y,
            3 * x * z,
            3 * y * z,
        ]
    )
    target = np.zeros((10, 3))
    target[1:4] = np.eye(3)
    return matrix, target


def loads(
    mesh: Mesh,
    positions: np.ndarray,
    elements: np.ndarray,
    local: np.ndarray,
    *,
    rings: int = 2,
    targets: np.ndarray | None = None,
) -> Loads:
    """Return the loads of unit dipoles; see ``venant``.

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
    rings : int, optional
        Rings of elements around a dipole that carry its monopoles.
    targets : ndarray of shape (N, 3), optional
        Places, mm, about which the monopoles have the dipoles' moments; None: the positions.

    Returns
    -------
    Loads
        Loads (3N, n), 1/m, and how many dipoles are partial integration.
    """
    return venant.fitted_loads(mesh, positions, elements, local, moments, rings, targets)
