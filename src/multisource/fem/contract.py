"""What a source model and a finite-element backend are: the contracts of their registries."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

# The Snakefile reads the registries in every job: nothing heavy is imported here.
if TYPE_CHECKING:
    import numpy as np
    from scipy import sparse

    from multisource.fem.mesh import Mesh


class Loads(NamedTuple):
    """Right-hand sides of dipoles.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array of shape (3N, n)
        Rows 3i, 3i + 1 and 3i + 2 are the loads, in 1/m, at the n nodes of a unit dipole (1 A m)
        along x, y and z at position i. Every row sums to 0, since no current is left over.
    replaced : int
        How many of the N dipoles a simpler model took over; a warning counts them.
    """

    matrix: sparse.csr_array
    replaced: int = 0


class SourceModel(Protocol):
    """A function that turns dipoles into loads at the nodes of the mesh.

    The leadfield is the transfer matrix times the loads. A model has no options.
    """

    def __call__(
        self,
        mesh: Mesh,
        positions: np.ndarray,
        elements: np.ndarray,
        local: np.ndarray,
        *,
        conductivity: np.ndarray,
        rings: int,
        targets: np.ndarray | None,
    ) -> Loads:
        """Return the loads of unit dipoles.

        Parameters
        ----------
        mesh : Mesh
            Hexahedra or tetrahedra, nodes in mm, one tissue label per element.
        positions : ndarray of shape (N, 3)
            Dipoles, mm, some hundreds at a time.
        elements : ndarray of shape (N,)
            Number of the element that each position lies in.
        local : ndarray of shape (N, 3)
            Coordinates within the element, as ``fem.locate`` gives them.
        conductivity : ndarray of shape (m,)
            Conductivity of all elements, S/m.
        rings : int
            The configuration's ``leadfield.fem.rings``: rings of elements around a dipole that a
            Venant source takes.
        targets : ndarray of shape (N, 3) or None
            Places, mm, that the sources are to act from, if these are not where they lie
            (``leadfield.fem.true_places``); None: the positions.

        Returns
        -------
        Loads
            Loads of unit dipoles along x, y and z.
        """
        ...


class FemBackend(Protocol):
    """Who solves the finite-element problem: the same mesh in, the same gain out."""

    def check(self, source_model: str) -> None:
        """Raise UserError where the backend cannot run here or lacks the source model.

        It is called before any job, in a process that waits for it: quick, nothing computed.

        Parameters
        ----------
        source_model : str
            Its name in the configuration.

        Raises
        ------
        UserError
            With one line that says what is missing and what to do.
        """
        ...

    def transfer_matrix(
        self,
        mesh: Mesh,
        conductivity: dict[int, float],
        electrodes: np.ndarray,
        *,
        tolerance: float,
        names: list[str],
    ) -> np.ndarray:
        """Solve one system per electrode.

        Parameters
        ----------
        mesh : Mesh
            Hexahedra or tetrahedra with n nodes in mm.
        conductivity : dict of int to float
            Conductivity by tissue label, S/m.
        electrodes : ndarray of shape (E, 3)
            Electrodes, mm, near the surface of the mesh.
        tolerance : float
            Relative residual of each solve.
        names : list of str
            Names of the E electrodes, for messages.

        Returns
        -------
        ndarray of shape (E, n)
            Transfer matrix, V/A: potentials at the nodes for a current of 1 A through the
            electrode, average reference.

        Raises
        ------
        UserError
            For a tissue without conductivity or an electrode off the mesh.
        """
        ...

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
        """Apply the transfer matrix to dipoles.

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
            How a dipole becomes a right-hand side, by its name in the configuration.
        rings : int
            Rings of elements around a dipole that a Venant source takes.
        targets : ndarray of shape (N, 3) or None
            Places, mm, that the sources are to act from; None: the positions.

        Returns
        -------
        ndarray of shape (E, 3N)
            Gain, V/(Am), average reference, columns x, y, z of each dipole.

        Raises
        ------
        UserError
            For an unknown source model or a dipole outside its tissue.
        """
        ...


class BackendFactory(Protocol):
    """A class or function without arguments that makes a backend."""

    def __call__(self) -> FemBackend:
        """Make the backend; import what is heavy in its methods."""
        ...
