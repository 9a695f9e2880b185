"""Venant's principle: monopoles on the nodes around a dipole with the dipole's moments.

Buchner et al., Phys. Med. Biol. 42, 1997; Medani et al., PIER 153, 2015. The monopoles q minimise
``||M q - t||^2 + lambda ||W q||^2``: M holds the moments of all monopoles about the dipole up to
second order in each coordinate, mixed ones too (27), t those of the dipole, and W the distance
from the dipole, so that far monopoles stay weak.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from scipy import sparse

from multisource.fem.contract import Loads
from multisource.fem.locate import shape_gradients
from multisource.fem.mesh import Mesh
from multisource.fem.source_models.patch import MIN_PATCH, RINGS, Patches

EXPONENTS = np.array(list(product(range(3), repeat=3)))
REFERENCE_LENGTH = 20.0
RELAXATION = 1e-6


def moments(offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the moments of monopoles, and those of a dipole.

    Parameters
    ----------
    offsets : ndarray of shape (k, 3)
        Scaled offsets of the monopoles from the dipole.

    Returns
    -------
    matrix : ndarray of shape (27, k)
        Moments of unit monopoles.
    target : ndarray of shape (27, 3)
        Moments of unit dipoles along x, y, z.
    """
    matrix = np.prod(offsets[None, :, :] ** EXPONENTS[:, None, :], axis=2)
    target = np.zeros((len(EXPONENTS), 3))
    for axis in range(3):
        target[np.flatnonzero((EXPONENTS == np.eye(3, dtype=int)[axis]).all(axis=1))[0], axis] = 1
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
    """Return the loads of unit dipoles; see ``fitted_loads``.

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
    return fitted_loads(mesh, positions, elements, local, moments, rings, targets)


def fitted_loads(
    mesh: Mesh,
    positions: np.ndarray,
    elements: np.ndarray,
    local: np.ndarray,
    moments: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    rings: int = RINGS,
    targets: np.ndarray | None = None,
) -> Loads:
    """Return the loads of unit dipoles by monopoles that are fitted to moments.

    Where a patch has fewer than ``MIN_PATCH`` nodes, partial integration, which needs the element
    alone, takes over.

    Parameters
    ----------
    mesh : Mesh
        Mesh with n nodes in mm.
    positions : ndarray of shape (N, 3)
        Dipoles, mm.
    elements : ndarray of int, shape (N,)
        Element of each; the monopoles keep to its tissue.
    local : ndarray of shape (N, 3)
        Coordinates within the element.
    moments : callable
        Maps scaled offsets (k, 3) of the nodes to a moment matrix (c, k) and the dipole's (c, 3).
    rings : int, optional
        Rings of elements around a dipole that carry its monopoles.
    targets : ndarray of shape (N, 3), optional
        Places, mm, about which the monopoles have the dipoles' moments; None: the positions. On the
        sphere a dipole that lies 1, 2 or 3 mm away has an error of 1.4, 2.9 and 4.3 %; with the
        moments about its target 0.14, 0.17 and 0.21 %, as one that lies there.

    Returns
    -------
    Loads
        Loads (3N, n), 1/m, and how many dipoles are partial integration.
    """
    centres = positions if targets is None else targets
    patches = Patches(mesh, rings)
    corners, labels = patches.corners(positions, elements), mesh.labels[elements]
    weights, columns, sizes, small = [], [], [], 0
    for number, centre in enumerate(centres):
        nodes = patches.around(corners[number], labels[number])
        if len(nodes) < MIN_PATCH:
            small += 1
            nodes = mesh.elements[elements[number]]
            monopoles = 1e3 * shape_gradients(mesh, elements[[number]], local[[number]])[0]
        else:
            offsets = (mesh.nodes[nodes] - centre) / REFERENCE_LENGTH
            monopoles = _fit(offsets, *moments(offsets)) / (REFERENCE_LENGTH * 1e-3)
        weights.append(monopoles.T.ravel())
        columns.append(np.tile(nodes, 3))
        sizes += [len(nodes)] * 3
    pointers = np.r_[0, np.cumsum(sizes)]
    matrix = sparse.csr_array(
        (np.concatenate(weights), np.concatenate(columns), pointers),
        shape=(3 * len(positions), len(mesh.nodes)),
    )
    return Loads(matrix, small)


def _fit(offsets: np.ndarray, matrix: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the monopoles (k, 3) of the regularised fit."""
    normal = matrix.T @ matrix
    normal[np.diag_indices_from(normal)] += RELAXATION * np.sum(offsets**2, axis=1)
    return np.linalg.solve(normal, matrix.T @ target)
