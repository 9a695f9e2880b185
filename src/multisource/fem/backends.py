"""The finite-element backends by name: who solves. Same mesh in, same gain out.

A new one is a file and a line here; see docs/add-your-own.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multisource.fem.contract import BackendFactory, FemBackend
from multisource.registry import Registry

# The Snakefile reads BACKENDS in every job: nothing heavy is imported here.
if TYPE_CHECKING:
    import numpy as np

    from multisource.fem.mesh import Mesh

BACKENDS = Registry(
    "leadfield.fem.backend",
    BackendFactory,
    {
        "native": "multisource.fem.native_backend:NativeBackend",
        "duneuro": "multisource.fem.duneuro_backend:DuneuroBackend",
    },
)


def make_backend(name: str) -> FemBackend:
    """Make a backend by its name; raise UserError for an unknown one."""
    backend: FemBackend = BACKENDS.call(name, given={}, chosen={})
    return backend


def transfer_matrix(
    backend: str,
    mesh: Mesh,
    conductivity: dict[int, float],
    electrodes: np.ndarray,
    *,
    tolerance: float,
    names: list[str],
) -> np.ndarray:
    """Return T (E, n_nodes) in V/A of a backend; see ``FemBackend.transfer_matrix``."""
    return make_backend(backend).transfer_matrix(
        mesh, conductivity, electrodes, tolerance=tolerance, names=names
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
    """Return the gain (E, 3N) in V/(A m) of a backend; see ``FemBackend.leadfield``."""
    return make_backend(backend).leadfield(
        mesh, conductivity, transfer, positions, source_model=source_model
    )
