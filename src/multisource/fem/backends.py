"""Who solves the finite-element problem: our own code, or DUNEuro. Same mesh in, same gain out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

# The Snakefile reads BACKENDS in every job: nothing heavy is imported here.
if TYPE_CHECKING:
    import numpy as np

    from multisource.fem.mesh import Mesh

BACKENDS = {
    "native": "multisource.fem.native",
    "duneuro": "multisource.fem.duneuro",
}
# DUNEuro's names where they are not ours.
_DUNEURO_NAMES = {"localised_subtraction": "local_subtraction"}


def transfer_matrix(
    backend: str,
    mesh: Mesh,
    conductivity: dict[int, float],
    electrodes: np.ndarray,
    *,
    tolerance: float,
    names: list[str],
) -> np.ndarray:
    """Return T (E, n_nodes) in V/A, average reference; progress goes to standard output.

    ``conductivity`` maps tissue labels to S/m, ``electrodes`` (E, 3) in mm. Raises UserError as
    the backend's own ``transfer_matrix`` does.
    """
    solver = import_module(BACKENDS[backend])
    return solver.transfer_matrix(
        mesh, conductivity, electrodes, tolerance=tolerance, names=names, progress=print
    )


def leadfield(
    backend: str,
    mesh: Mesh,
    conductivity: dict[int, float],
    transfer: np.ndarray,
    positions: np.ndarray,
    *,
    source_model: str,
) -> np.ndarray:
    """Return the gain (E, 3N) in V/(Am), average reference, of dipoles at ``positions`` (N, 3) mm.

    Raises UserError as the backend's own ``leadfield`` does.
    """
    solver = import_module(BACKENDS[backend])
    if backend == "duneuro":
        return solver.leadfield(
            mesh,
            conductivity,
            transfer,
            positions,
            source_model=_DUNEURO_NAMES.get(source_model, source_model),
            progress=print,
        )
    from tqdm import tqdm

    with tqdm(total=len(positions), desc="dipoles", unit="dipole", mininterval=1) as bar:
        return solver.leadfield(
            mesh,
            transfer,
            positions,
            source_model=source_model,
            conductivity=conductivity,
            progress=lambda done, total: bar.update(done - bar.n),
        )
