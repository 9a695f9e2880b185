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
    """Make a backend.

    Parameters
    ----------
    name : str
        Its name in the configuration.

    Returns
    -------
    FemBackend
        The backend.

    Raises
    ------
    UserError
        If no backend has the name.
    """
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
    """Return the transfer matrix of a backend; see ``FemBackend.transfer_matrix``.

    Parameters
    ----------
    backend : str
        Its name in the configuration.
    mesh : Mesh
        Hexahedra or tetrahedra with n nodes in mm.
    conductivity : dict of int to float
        Conductivity by tissue label, S/m.
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm.
    tolerance : float
        Relative residual of each solve.
    names : list of str
        Names of the electrodes, for messages.

    Returns
    -------
    ndarray of shape (E, n)
        Transfer matrix, V/A, average reference.

    Raises
    ------
    UserError
        If no backend has the name, a tissue has no conductivity or an electrode is off the mesh.
    """
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
    rings: int,
    targets: np.ndarray | None = None,
) -> np.ndarray:
    """Return the gain of a backend; see ``FemBackend.leadfield``.

    Parameters
    ----------
    backend : str
        Its name in the configuration.
    mesh : Mesh
        The mesh of the transfer matrix.
    conductivity : dict of int to float
        Conductivity by tissue label, S/m.
    transfer : ndarray of shape (E, n)
        Transfer matrix, V/A.
    positions : ndarray of shape (N, 3)
        Dipoles, mm, in grey matter.
    source_model : str
        Its name in the configuration.
    rings : int
        Rings of elements around a dipole that a Venant source takes.
    targets : ndarray of shape (N, 3), optional
        Places, mm, that the sources are to act from; None: the positions.

    Returns
    -------
    ndarray of shape (E, 3N)
        Gain, V/(Am), average reference, columns x, y, z of each dipole.

    Raises
    ------
    UserError
        If a name is unknown or a dipole lies outside its tissue.
    """
    return make_backend(backend).leadfield(
        mesh,
        conductivity,
        transfer,
        positions,
        source_model=source_model,
        rings=rings,
        targets=targets,
    )
