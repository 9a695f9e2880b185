"""The finite-element mesh: nodes, elements of one kind, one tissue label per element."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from multisource.anatomy.head import TISSUES
from multisource.errors import UserError
from multisource.files import atomic, reading

# Corners of the reference elements. Hexahedra use tensor-product order, x fastest, as DUNE does.
HEX_CORNERS = np.array([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)], float)
HEX_FACES = np.array(
    [[0, 2, 6, 4], [1, 5, 7, 3], [0, 4, 5, 1], [2, 3, 7, 6], [0, 1, 3, 2], [4, 6, 7, 5]]
)
TET_FACES = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])


@dataclass(frozen=True, eq=False)
class Mesh:
    """Nodes, elements of one kind and one tissue label per element.

    Attributes
    ----------
    nodes : ndarray of shape (n, 3)
        Nodes, mm.
    elements : ndarray of int, shape (m, 8) or (m, 4)
        Hexahedra or tetrahedra.
    labels : ndarray of uint8, shape (m,)
        Tissue labels.
    lattice : ndarray of int, shape (n, 3), or None
        Integer grid coordinates of hexahedron nodes, from which the stiffness matrix is assembled;
        None for tetrahedra.
    """

    nodes: np.ndarray
    elements: np.ndarray
    labels: np.ndarray
    lattice: np.ndarray | None = None

    @property
    def is_hexahedral(self) -> bool:
        """Whether the elements are hexahedra; else they are tetrahedra."""
        return self.elements.shape[1] == 8

    @cached_property
    def centroids(self) -> np.ndarray:
        """Element centroids (m, 3) mm."""
        total = np.zeros((len(self.elements), 3))
        for column in self.elements.T:
            total += self.nodes[column]
        return total / self.elements.shape[1]

    @cached_property
    def centroid_tree(self) -> cKDTree:
        """Search tree of the element centroids."""
        return cKDTree(self.centroids)

    @cached_property
    def reach(self) -> np.ndarray:
        """Largest distance (m,) mm of an element's corners from its centroid."""
        distance = np.zeros(len(self.elements))
        for column in self.elements.T:
            offset = self.nodes[column] - self.centroids
            np.maximum(distance, np.linalg.norm(offset, axis=1), out=distance)
        return distance

    @cached_property
    def node_elements(self) -> sparse.csr_array:
        """Incidence matrix (n, m): the elements at each node."""
        count, corners = self.elements.shape
        rows = self.elements.ravel()
        columns = np.repeat(np.arange(count, dtype=np.int32), corners)
        ones = np.ones(len(rows), np.int8)
        return sparse.csr_array((ones, (rows, columns)), shape=(len(self.nodes), count))

    def nodes_inside(self, label: int) -> np.ndarray:
        """Return a mask of the nodes all of whose elements carry a label.

        Parameters
        ----------
        label : int
            Tissue label.

        Returns
        -------
        ndarray of bool, shape (n,)
            The mask.
        """
        inside = np.ones(len(self.nodes), bool)
        inside[self.elements[self.labels != label].ravel()] = False
        return inside

    def nodes_of(self, label: int) -> np.ndarray:
        """Return a mask of the nodes that belong to at least one element of a label.

        Parameters
        ----------
        label : int
            Tissue label.

        Returns
        -------
        ndarray of bool, shape (n,)
            The mask.
        """
        mask = np.zeros(len(self.nodes), bool)
        mask[self.elements[self.labels == label].ravel()] = True
        return mask

    def boundary_faces(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the faces that bound one element only.

        Returns
        -------
        faces : ndarray of int, shape (f, 4) or (f, 3)
            Nodes of each face.
        owners : ndarray of int, shape (f,)
            Its element.
        """
        local = HEX_FACES if self.is_hexahedral else TET_FACES
        owners = np.arange(len(self.elements))
        if self.is_hexahedral:
            # Only nodes with fewer than eight elements bound the lattice; look no further.
            outer = np.bincount(self.elements.ravel(), minlength=len(self.nodes)) < 8
            owners = np.flatnonzero(outer[self.elements].any(axis=1))
        faces = self.elements[owners][:, local].reshape(-1, local.shape[1])
        owners = np.repeat(owners, len(local))
        if self.is_hexahedral:
            keep = outer[faces].all(axis=1)
            faces, owners = faces[keep], owners[keep]
        # Three corners identify a face of a conforming mesh, so a quadrilateral needs no fourth.
        key = np.sort(faces, axis=1)[:, :3]
        order = np.lexsort(key.T)
        changes = (np.diff(key[order], axis=0) != 0).any(axis=1)
        single = np.zeros(len(faces), bool)
        single[order] = np.r_[True, changes] & np.r_[changes, True]
        return faces[single], owners[single]

    def check(self, labels: tuple[int, ...] | None = None) -> None:
        """Raise UserError for a missing tissue, an unused node or a floating component.

        Components that share no node with the rest would leave the potential undetermined.

        Parameters
        ----------
        labels : tuple of int, optional
            Labels of the tissues that must be there.

        Raises
        ------
        UserError
            For a missing tissue, an unused node or a floating component.
        """
        for label in labels or ():
            if not np.any(self.labels == label):
                raise UserError(
                    f"mesh has no element of {TISSUES.get(label, 'tissue')} (label {label}): "
                    "give a segmentation with this tissue or leave it out of the conductivities"
                )
        corners = self.elements.shape[1]
        first = np.repeat(self.elements[:, 0], corners - 1)
        others = self.elements[:, 1:].ravel()
        graph = sparse.coo_array(
            (np.ones(len(first), bool), (first, others)), shape=(len(self.nodes),) * 2
        )
        count, component = sparse.csgraph.connected_components(graph, directed=False)
        if count > 1:
            sizes = np.bincount(component)
            main = int(np.argmax(sizes))
            inside = component[self.elements[:, 0]] != main
            where = self.centroids[inside][0] if inside.any() else self.nodes[component != main][0]
            raise UserError(
                f"mesh has {count - 1} floating component(s) with {int(inside.sum())} elements, "
                f"one near ({where[0]:.0f}, {where[1]:.0f}, {where[2]:.0f}) mm: "
                "connect or remove them in the segmentation"
            )


def save_mesh(mesh: Mesh, path: str | PathLike[str]) -> None:
    """Write a mesh as an uncompressed .npz file without pickled objects.

    Parameters
    ----------
    mesh : Mesh
        What is written.
    path : str or path-like
        File.
    """
    arrays: dict[str, Any] = {"nodes": mesh.nodes, "elements": mesh.elements, "labels": mesh.labels}
    if mesh.lattice is not None:
        arrays["lattice"] = mesh.lattice
    with atomic(path) as part:
        np.savez(part, **arrays)


def load_mesh(path: str | PathLike[str]) -> Mesh:
    """Read a mesh written by ``save_mesh``.

    Parameters
    ----------
    path : str or path-like
        File.

    Returns
    -------
    Mesh
        The mesh.

    Raises
    ------
    UserError
        If the file is missing or damaged.
    """
    with reading(path), np.load(path, allow_pickle=False) as file:
        lattice = file["lattice"] if "lattice" in file else None
        return Mesh(file["nodes"], file["elements"], file["labels"], lattice)
