"""Find the element that holds a point, and the point's local coordinates in it."""

from __future__ import annotations

import numpy as np

from multisource.fem.assembly import trilinear
from multisource.fem.mesh import Mesh

INSIDE = 1e-8
CANDIDATES = 12
TRIES = 400


def locate(mesh: Mesh, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the element that holds each point.

    Elements are tried in the order of their centroids' distance.

    Parameters
    ----------
    mesh : Mesh
        Where to look.
    points : ndarray of shape (p, 3)
        Points, mm.

    Returns
    -------
    elements : ndarray of int, shape (p,)
        Number of the element, -1 outside the mesh.
    local : ndarray of shape (p, 3)
        Reference coordinates in it.
    """
    points = np.atleast_2d(np.asarray(points, float))
    tree, reach = mesh.centroid_tree, mesh.reach
    found = np.full(len(points), -1)
    local = np.zeros((len(points), 3))
    radius = reach.max()
    open_points = np.arange(len(points))
    tried, count = 0, CANDIDATES
    while len(open_points) and tried < TRIES:
        count = min(count, len(mesh.elements))
        distance, candidates = tree.query(points[open_points], k=count)
        distance = distance.reshape(len(open_points), -1)
        candidates = candidates.reshape(len(open_points), -1)
        for rank in range(tried, count):
            todo = np.flatnonzero(found[open_points] < 0)
            todo = todo[distance[todo, rank] <= reach[candidates[todo, rank]] * (1 + INSIDE)]
            if not len(todo):
                continue
            picked = candidates[todo, rank]
            coordinates = local_coordinates(mesh, picked, points[open_points[todo]])
            hit = _outside(mesh, coordinates) <= INSIDE
            found[open_points[todo[hit]]] = picked[hit]
            local[open_points[todo[hit]]] = coordinates[hit]
        left = (found[open_points] < 0) & (distance[:, -1] <= radius)
        open_points = open_points[left]
        if count == len(mesh.elements):
            break
        tried, count = count, count * 4
    return found, local


def local_coordinates(mesh: Mesh, elements: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the reference coordinates of points in given elements.

    They are exact for tetrahedra, and by Newton's method for hexahedra.

    Parameters
    ----------
    mesh : Mesh
        The mesh.
    elements : ndarray of int, shape (p,)
        An element for each point.
    points : ndarray of shape (p, 3)
        Points, mm.

    Returns
    -------
    ndarray of shape (p, 3)
        Coordinates, in [0, 1] inside the element.
    """
    corners = mesh.nodes[mesh.elements[elements]]
    if not mesh.is_hexahedral:
        edges = (corners[:, 1:] - corners[:, :1]).transpose(0, 2, 1)
        return np.linalg.solve(edges, (points - corners[:, 0])[:, :, None])[:, :, 0]
    local = np.full((len(points), 3), 0.5)
    for _ in range(20):
        values, slopes = trilinear(local)
        error = points - np.einsum("pi,pia->pa", values, corners)
        jacobian = np.einsum("pia,pib->pab", corners, slopes)
        step = np.linalg.solve(jacobian, error[:, :, None])[:, :, 0]
        # Far outside the element the map may fold; a point that leaves is not inside anyway.
        local = np.clip(local + step, -2.0, 3.0)
        if np.abs(step).max(initial=0.0) < 1e-12:
            break
    return local


def shape_functions(mesh: Mesh, local: np.ndarray) -> np.ndarray:
    """Return the functions of an element's nodes at local coordinates.

    Parameters
    ----------
    mesh : Mesh
        Says which kind of element.
    local : ndarray of shape (p, 3)
        Reference coordinates.

    Returns
    -------
    ndarray of shape (p, 8) or (p, 4)
        Values of the functions.
    """
    if mesh.is_hexahedral:
        return trilinear(local)[0]
    return np.column_stack([1 - local.sum(axis=1), local])


def shape_gradients(mesh: Mesh, elements: np.ndarray, local: np.ndarray) -> np.ndarray:
    """Return the gradients of the functions of an element's nodes at given points.

    Parameters
    ----------
    mesh : Mesh
        The mesh, nodes in mm.
    elements : ndarray of int, shape (p,)
        An element for each point.
    local : ndarray of shape (p, 3)
        Reference coordinates in it.

    Returns
    -------
    ndarray of shape (p, 8, 3) or (p, 4, 3)
        Gradients, 1/mm.
    """
    corners = mesh.nodes[mesh.elements[elements]]
    if mesh.is_hexahedral:
        slopes = trilinear(local)[1]
    else:
        slopes = np.broadcast_to(np.vstack([-np.ones(3), np.eye(3)]), (len(elements), 4, 3))
    jacobian = np.einsum("pia,pib->pab", corners, slopes)
    return np.einsum("pib,pba->pia", slopes, np.linalg.inv(jacobian))


def _outside(mesh: Mesh, local: np.ndarray) -> np.ndarray:
    """How far (p,) local coordinates lie outside the reference element; at most 0 inside."""
    beyond = np.maximum(-local, local - 1).max(axis=1)
    if mesh.is_hexahedral:
        return beyond
    return np.maximum(-local.min(axis=1), local.sum(axis=1) - 1)
