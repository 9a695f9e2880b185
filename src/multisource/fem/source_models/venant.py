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
from multisource.fem.source_models.patch import MIN_PATCH, Patches

EXPONENTS = np.array(list(product(range(3), repeat=3)))
REFERENCE_LENGTH = 20.0
RELAXATION = 1e-6


def moments(offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the moments (27, k) of monopoles at scaled offsets (k, 3), and of a dipole (27, 3)."""
    matrix = np.prod(offsets[None, :, :] ** EXPONENTS[:, None, :], axis=2)
    target = np.zeros((len(EXPONENTS), 3))
    for axis in range(3):
        target[np.flatnonzero((EXPONENTS == np.eye(3, dtype=int)[axis]).all(axis=1))[0], axis] = 1
    return matrix, target


def loads(mesh: Mesh, positions: np.ndarray, elements: np.ndarray, local: np.ndarray) -> Loads:
    """Return the loads of unit dipoles; see ``fitted_loads``."""
    return fitted_loads(mesh, positions, elements, local, moments)


def fitted_loads(
    mesh: Mesh,
    positions: np.ndarray,
    elements: np.ndarray,
    local: np.ndarray,
    moments: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
) -> Loads:
    """Return the loads of unit dipoles by monopoles that are fitted to moments.

    Where a patch has fewer than ``MIN_PATCH`` nodes, partial integration, which needs the element
    alone, takes over.

    Parameters
    ----------
    mesh, positions, elements, local
        As for every source model; the monopoles keep to the tissue of the element.
    moments
        Maps scaled offsets (k, 3) of the nodes to a moment matrix (c, k) and the dipole's (c, 3).
    """
    patches = Patches(mesh)
    corners, labels = patches.corners(positions, elements), mesh.labels[elements]
    weights, columns, sizes, small = [], [], [], 0
    for number, position in enumerate(positions):
        nodes = patches.around(corners[number], labels[number])
        if len(nodes) < MIN_PATCH:
            small += 1
            nodes = mesh.elements[elements[number]]
            monopoles = 1e3 * shape_gradients(mesh, elements[[number]], local[[number]])[0]
        else:
            offsets = (mesh.nodes[nodes] - position) / REFERENCE_LENGTH
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
