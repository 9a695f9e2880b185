"""Our own finite elements as a backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multisource.fem.source_models import SOURCE_MODELS

# Made before any job, where numba and scipy are not wanted: the methods import them.
if TYPE_CHECKING:
    import numpy as np

    from multisource.fem.mesh import Mesh


class NativeBackend:
    """``fem.native`` under the contract of a backend."""

    def check(self, source_model: str) -> None:
        """Raise UserError for a source model that is not registered.

        Parameters
        ----------
        source_model : str
            Its name in the configuration.

        Raises
        ------
        UserError
            If it is not registered.
        """
        SOURCE_MODELS.check(source_model, {})

    def transfer_matrix(
        self,
        mesh: Mesh,
        conductivity: dict[int, float],
        electrodes: np.ndarray,
        *,
        tolerance: float,
        names: list[str],
    ) -> np.ndarray:
        """Solve one system per electrode; see ``FemBackend``.

        Parameters
        ----------
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
        """
        from multisource.fem.transfer import transfer_matrix

        return transfer_matrix(mesh, conductivity, electrodes, tolerance=tolerance, names=names)

    def leadfield(
        self,
        mesh: Mesh,
        conductivity: dict[int, float],
        transfer: np.ndarray,
        positions: np.ndarray,
        *,
        source_model: str,
        rings: int,
        targets: np.ndarray | None,
    ) -> np.ndarray:
        """Apply the transfer matrix to dipoles; see ``FemBackend``.

        Parameters
        ----------
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
        targets : ndarray of shape (N, 3) or None
            Places, mm, that the sources are to act from; None: the positions.

        Returns
        -------
        ndarray of shape (E, 3N)
            Gain, V/(Am), average reference, columns x, y, z of each dipole.
        """
        from multisource.fem.native import leadfield

        return leadfield(
            mesh,
            transfer,
            positions,
            source_model=source_model,
            conductivity=conductivity,
            rings=rings,
            targets=targets,
        )
