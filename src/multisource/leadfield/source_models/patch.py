"""The nodes that carry the monopoles of a Venant source."""

from __future__ import annotations

import numpy as np

from multisource.leadfield.mesh import Mesh

# Fewer nodes cannot carry the moments of a dipole: two hexahedra have twelve.
MIN_PATCH = 12
NEAREST = 16


class Patches:
    """Nodes of the elements of one tissue around the node closest to a dipole."""

    def __init__(self, mesh: Mesh):
        self.mesh = mesh
        self.tree = mesh.node_tree
        self.incidence = mesh.node_elements

    def around(self, position: np.ndarray, label: int) -> tuple[np.ndarray, bool]:
        """Return the patch nodes (k,) of a dipole in tissue ``label``, and whether they were few.

        The node closest to the dipole that has elements of that tissue, and its neighbours within
        them: a monopole in another tissue would feed current across the boundary. A patch of
        fewer than ``MIN_PATCH`` nodes is extended by the next ring of such elements.
        """
        _, near = self.tree.query(position, k=min(NEAREST, self.tree.n))
        for node in np.atleast_1d(near):
            nodes = self.at_node(int(node), label)
            if len(nodes):
                break
        few = len(nodes) < MIN_PATCH
        if few and len(nodes):
            nodes = np.unique(np.concatenate([self.at_node(int(n), label) for n in nodes]))
        return nodes, few

    def at_node(self, node: int, label: int) -> np.ndarray:
        """Return the nodes (k,) of the elements of ``label`` at ``node``; may be empty."""
        start, stop = self.incidence.indptr[node], self.incidence.indptr[node + 1]
        elements = self.incidence.indices[start:stop]
        elements = elements[self.mesh.labels[elements] == label]
        return np.unique(self.mesh.elements[elements])
