"""The nodes that carry the monopoles of a Venant source."""

from __future__ import annotations

import numpy as np

from multisource.leadfield.mesh import Mesh

# Fewer nodes cannot carry the moments of a dipole: two hexahedra have twelve.
MIN_PATCH = 12


class Patches:
    """Nodes of the elements of one tissue around the node closest to a dipole."""

    def __init__(self, mesh: Mesh):
        self.mesh = mesh
        self.tree = mesh.node_tree
        self.incidence = mesh.node_elements

    def around(self, position: np.ndarray, label: int) -> np.ndarray:
        """Return the patch nodes (k,) of a dipole in tissue ``label``.

        The closest node and its neighbours within elements of that tissue: a monopole in another
        tissue would feed current across the boundary.
        """
        _, node = self.tree.query(position)
        return self.at_node(int(node), label)

    def at_node(self, node: int, label: int) -> np.ndarray:
        """Return the nodes (k,) of the elements of ``label`` at ``node``; may be empty."""
        start, stop = self.incidence.indptr[node], self.incidence.indptr[node + 1]
        elements = self.incidence.indices[start:stop]
        elements = elements[self.mesh.labels[elements] == label]
        return np.unique(self.mesh.elements[elements])

    def sizes(self, positions: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return the number of patch nodes (N,) of dipoles at positions (N, 3) in their tissues."""
        _, nodes = self.tree.query(positions)
        return np.array([len(self.at_node(int(n), k)) for n, k in zip(nodes, labels, strict=True)])
