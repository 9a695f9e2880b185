"""The transfer matrix: potentials everywhere for current through each electrode.

By reciprocity (Weinstein, Zhukov, Johnson, Ann. Biomed. Eng. 28, 2000; Wolters, Grasedyck,
Hackbusch, Inverse Problems 20, 2004) one solve per electrode replaces one solve per dipole: row e
is the potential at all nodes for unit current in at electrode e, out evenly at all electrodes,
and the leadfield of any dipole load b is T b.
"""

from __future__ import annotations

import logging

import numpy as np
from scipy import sparse

from multisource.fem.assembly import stiffness_matrix
from multisource.fem.block_cg import Convergence, solve_block
from multisource.fem.electrode_projection import project_electrodes
from multisource.fem.mesh import Mesh
from multisource.fem.multigrid import Multigrid

GREY_MATTER = 2
BLOCK_BYTES = 2.4e9

log = logging.getLogger(__name__)


def transfer_matrix(
    mesh: Mesh,
    conductivity: dict[int, float],
    electrodes: np.ndarray,
    *,
    tolerance: float = 1e-8,
    names: list[str] | None = None,
    max_distance: float = 10.0,
) -> np.ndarray:
    """Return the transfer matrix, referenced to the average over the electrodes.

    Each row has zero mean over the nodes of grey matter, so that loads whose sum is not exactly
    zero do no harm.

    Parameters
    ----------
    mesh : Mesh
        Mesh with n nodes in mm.
    conductivity : dict of int to float
        Conductivity by tissue label, S/m.
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm; they are projected onto the mesh.
    tolerance : float, optional
        Relative residual of each solve: 1e-6 is already a thousandth of the discretisation error.
    names : list of str, optional
        Names of the electrodes, for messages.
    max_distance : float, optional
        Largest distance of an electrode from the scalp, mm.

    Returns
    -------
    ndarray of shape (E, n)
        Transfer matrix, V/A.

    Raises
    ------
    UserError
        For a missing or floating tissue or an electrode off the scalp.
    """
    mesh.check(tuple(conductivity))
    _, weights = project_electrodes(mesh, electrodes, names=names, max_distance=max_distance)
    log.info("assembling %d elements, %d nodes", len(mesh.elements), len(mesh.nodes))
    matrix = stiffness_matrix(mesh, conductivity)
    log.info("building the multigrid hierarchy")
    multigrid = Multigrid(matrix)
    del matrix
    transfer, _ = solve_electrodes(multigrid, weights, tolerance=tolerance)
    inside = mesh.nodes_of(GREY_MATTER)
    if inside.any():
        for row in transfer:
            row -= row[inside].mean()
    return transfer


def solve_electrodes(
    multigrid: Multigrid,
    weights: sparse.csr_array,
    *,
    tolerance: float,
    block: int | None = None,
) -> tuple[np.ndarray, list[Convergence]]:
    """Solve for current through each electrode, all of a block at once.

    Only E - 1 systems are solved, for currents from each electrode to the first; the average
    reference follows by linearity.

    Parameters
    ----------
    multigrid : Multigrid
        Of the stiffness matrix (n, n), mm S/m.
    weights : scipy.sparse.csr_array of shape (E, n)
        Electrode functions.
    tolerance : float
        Relative residual of each solve.
    block : int, optional
        Columns solved at a time; None: what fits in ``BLOCK_BYTES``, 8 to 64.

    Returns
    -------
    transfer : ndarray of shape (E, n)
        Transfer matrix, V/A, average reference.
    history : list of Convergence
        Convergence of each block of columns.
    """
    count, size = weights.shape
    # Six working vectors per column; fewer columns at a time where the mesh is large.
    block = block or int(np.clip(BLOCK_BYTES // (44 * size), 8, 64))
    pieces = max(1, int(np.ceil((count - 1) / block)))
    transfer = np.zeros((count, size))
    history = []
    for piece, columns in enumerate(np.array_split(np.arange(1, count), pieces)):
        loads = (weights[columns] - weights[[0] * len(columns)]).toarray()
        right = np.ascontiguousarray(loads[:, multigrid.order].T)
        del loads
        name = f"electrodes, block {piece + 1} of {pieces}"
        solution, convergence = solve_block(multigrid, right, tolerance=tolerance, name=name)
        log.info("%s: %d iterations", name, convergence.iterations)
        history.append(convergence)
        # mm S/m to m S/m: potentials for a current in A come out in V.
        for row, column in enumerate(columns):
            transfer[column, multigrid.order] = solution[:, row]
        del right, solution
    transfer *= 1e3
    transfer -= transfer.mean(axis=0)
    return transfer, history
