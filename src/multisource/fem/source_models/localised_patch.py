"""The patch of elements around a dipole in which localised subtraction knows its potential."""

from __future__ import annotations

import numpy as np

from multisource.compiled import njit


@njit(cache=True)
def grow(
    element: int,
    stamp: int,
    rings: int,
    corners: np.ndarray,
    sigma: np.ndarray,
    least: float,
    pointers: np.ndarray,
    incident: np.ndarray,
    marks: np.ndarray,
    node_marks: np.ndarray,
) -> tuple[np.ndarray, int]:
    """Mark a patch and its transition layer.

    Parameters
    ----------
    element : int
        Element of the dipole.
    stamp : int
        Positive number that no other patch has.
    rings : int
        How often the elements at the patch's nodes join it.
    corners : ndarray of shape (m, c)
        Elements.
    sigma : ndarray of shape (m,)
        Conductivity of all elements, S/m.
    least : float
        Elements that conduct less do not join.
    pointers, incident : ndarray
        The elements at every node, in the form of compressed rows.
    marks : ndarray of shape (m,)
        Is set to ``stamp`` for the patch and to ``-stamp`` for the layer.
    node_marks : ndarray of shape (n,)
        Is set to ``stamp`` for the nodes of the patch.

    Returns
    -------
    found : ndarray of shape (k,)
        The elements, those of the patch first, the dipole's own before all.
    inner : int
        How many are the patch's.
    """
    found = [element]
    marks[element] = stamp
    start = 0
    for _ in range(rings):
        stop = len(found)
        for at in range(start, stop):
            for node in corners[found[at]]:
                if node_marks[node] == stamp:
                    continue
                node_marks[node] = stamp
                for near in range(pointers[node], pointers[node + 1]):
                    other = incident[near]
                    if marks[other] != stamp and sigma[other] >= least:
                        marks[other] = stamp
                        found.append(other)
        start = stop
    inner = len(found)
    # The transition layer: all elements, insulating ones too, at the patch's nodes.
    for at in range(inner):
        for node in corners[found[at]]:
            node_marks[node] = stamp
            for near in range(pointers[node], pointers[node + 1]):
                other = incident[near]
                if marks[other] != stamp and marks[other] != -stamp:
                    marks[other] = -stamp
                    found.append(other)
    return np.array(found), inner


@njit(cache=True)
def boundary(
    patch: np.ndarray,
    stamp: int,
    corners: np.ndarray,
    faces: np.ndarray,
    pointers: np.ndarray,
    incident: np.ndarray,
    marks: np.ndarray,
) -> np.ndarray:
    """Return the faces around a patch.

    Parameters
    ----------
    patch : ndarray of shape (k,)
        Elements of the patch.
    stamp : int
        Their mark.
    corners : ndarray of shape (m, c)
        Elements.
    faces : ndarray of shape (f, d)
        Corners of an element's faces.
    pointers, incident : ndarray
        The elements at every node, in the form of compressed rows.
    marks : ndarray of shape (m,)
        Marks of all elements.

    Returns
    -------
    ndarray of shape (b, 2)
        Element and number of the face within it.
    """
    found = []
    for element in patch:
        for face in range(len(faces)):
            if not _has_neighbour(element, corners, faces[face], pointers, incident, marks, stamp):
                found.append((element, face))
    around = np.empty((len(found), 2), np.int64)
    for rank in range(len(found)):
        around[rank, 0], around[rank, 1] = found[rank]
    return around


@njit(cache=True)
def _has_neighbour(
    element: int,
    corners: np.ndarray,
    face: np.ndarray,
    pointers: np.ndarray,
    incident: np.ndarray,
    marks: np.ndarray,
    stamp: int,
) -> bool:
    """Whether another element of the patch shares the face."""
    node = corners[element, face[0]]
    for near in range(pointers[node], pointers[node + 1]):
        other = incident[near]
        if other == element or marks[other] != stamp:
            continue
        shared = 0
        for i in face:
            for node_of_other in corners[other]:
                if node_of_other == corners[element, i]:
                    shared += 1
        if shared == len(face):
            return True
    return False
