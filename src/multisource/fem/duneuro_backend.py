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
        """Raise UserError unless duneuropy can be imported and has the source model."""
        from multisource.fem.duneuro import SOURCE_MODELS, require_duneuropy

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
        """Return T (E, n) in V/A; see ``FemBackend``."""
        from multisource.fem.duneuro import transfer_matrix

        return transfer_matrix(
            mesh, conductivity, electrodes, tolerance=tolerance, names=names, progress=print
        )

    def leadfield(
        self,
        mesh: Mesh,
        conductivity: dict[int, float],
        transfer: np.ndarray,
        positions: np.ndarray,
        *,
        source_model: str,
    ) -> np.ndarray:
        """Return the gain (E, 3N) in V/(A m); see ``FemBackend``."""
        from multisource.fem.duneuro import leadfield

        return leadfield(
            mesh, conductivity, transfer, positions, source_model=source_model, progress=print
        )
