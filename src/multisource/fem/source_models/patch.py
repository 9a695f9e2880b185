"""The nodes that carry the monopoles of a Venant source."""

from __future__ import annotations

import numpy as np

from multisource.fem.mesh import Mesh

# Fewer nodes, two voxels for instance, cannot take on all moments of a dipole: on the sphere such
# patches lead to errors of up to 100 %, those of three voxels (16 nodes) and more never did.
MIN_PATCH = 16


class Patches:
    """Nodes around the dipoles, within one tissue.

    The elements at the closest corner of the dipole's element are the usual patch. One ring of
    elements more halves the error of both Venant models on tetrahedra, and near a boundary on
    hexahedra: the monopoles are smaller.

    Parameters
    ----------
    mesh : Mesh
        Mesh that the dipoles lie in.
    """

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.incidence = mesh.node_elements

    def corners(self, positions: np.ndarray, elements: np.ndarray) -> np.ndarray:
        """Return the closest among the corners of each position's element.

        Not the closest node of the mesh: that may belong to other elements, and tissues, only.

        Parameters
        ----------
        positions : ndarray of shape (p, 3)
            Dipoles, mm.
        elements : ndarray of int, shape (p,)
            Element of each.

        Returns
        -------
        ndarray of int, shape (p,)
            Nodes.
        """
        corners = self.mesh.elements[elements]
        distance = np.linalg.norm(self.mesh.nodes[corners] - positions[:, None], axis=2)
        return corners[np.arange(len(corners)), distance.argmin(axis=1)]

    def around(self, corner: int, label: int) -> np.ndarray:
        """Return the patch of a dipole.

        A monopole in another tissue would feed current across the boundary: only elements of
        ``label`` belong to the patch.

        Parameters
        ----------
        corner : int
            Node closest to the dipole.
        label : int
            Tissue of the dipole.

        Returns
        -------
        ndarray of int, shape (k,)
            Nodes of the patch.
        """
        return self._ring(self._ring(np.array([corner]), label), label)

    def _ring(self, nodes: np.ndarray, label: int) -> np.ndarray:
        """Return the nodes (k,) of all elements of ``label`` that touch ``nodes``."""
        start, stop = self.incidence.indptr[nodes], self.incidence.indptr[nodes + 1]
        elements = np.concatenate(
            [self.incidence.indices[a:b] for a, b in zip(start, stop, strict=True)]
        )
        elements = elements[self.mesh.labels[elements] == label]
        return np.unique(self.mesh.elements[elements])
