"""DUNEuro as a backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multisource.errors import UserError

# Made before any job, where scipy is not wanted: the methods import it.
if TYPE_CHECKING:
    import numpy as np

    from multisource.fem.mesh import Mesh


class DuneuroBackend:
    """``fem.duneuro`` under the contract of a backend."""

    def check(self, source_model: str) -> None:
        """Raise UserError unless duneuropy can be imported and has the source model.

        Parameters
        ----------
        source_model : str
            Its name in the configuration.

        Raises
        ------
        UserError
            If the module or the source model is missing.
        """
        from multisource.fem.duneuro import SOURCE_MODELS
        from multisource.fem.duneuro_process import require_duneuropy

        if source_model not in SOURCE_MODELS:
            raise UserError(
                f"leadfield.fem.source_model: {source_model!r}; backend duneuro has "
                f"{', '.join(SOURCE_MODELS)}"
            )
        require_duneuropy()

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
        from multisource.fem.duneuro import transfer_matrix

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
            None: DUNEuro's sources act from where they lie.

        Returns
        -------
        ndarray of shape (E, 3N)
            Gain, V/(Am), average reference, columns x, y, z of each dipole.

        Raises
        ------
        UserError
            If there are targets.
        """
        from multisource.fem.duneuro import leadfield

        if targets is not None:
            raise UserError("leadfield.fem.true_places: backend duneuro has no such sources")
        return leadfield(
            mesh, conductivity, transfer, positions, source_model=source_model, rings=rings
        )
