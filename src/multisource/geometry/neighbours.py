"""Vertices that share an edge of a triangle mesh, and averages over them."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from multisource.geometry.surfaces import edges


def adjacency(triangles: np.ndarray, count: int) -> sparse.csr_array:
    """Return the matrix of vertices that share an edge.

    Parameters
    ----------
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, as rows of the vertices.
    count : int
        Number of vertices.

    Returns
    -------
    sparse array of shape (count, count)
        Symmetric, 1 where two vertices share an edge, else 0; the diagonal is empty.
    """
    pairs = edges(triangles)
    ones = np.ones(len(pairs))
    graph = sparse.coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count)).tocsr()
    graph = graph + graph.T
    graph.data[:] = 1.0
    return graph


def smooth(values: np.ndarray, triangles: np.ndarray, steps: int) -> np.ndarray:
    """Average each vertex's value with its neighbours' mean, ``steps`` times.

    Parameters
    ----------
    values : ndarray of shape (n,) or (n, k)
        A value, or k, per vertex.
    triangles : ndarray of int, shape (m, 3)
        Corners of each triangle, as rows of the vertices.
    steps : int
        How many times.

    Returns
    -------
    ndarray
        Smoothed values, of the same shape.
    """
    graph = adjacency(triangles, len(values))
    degree = graph.sum(axis=1)
    weights = sparse.diags_array(0.5 / degree) @ graph
    for _ in range(steps):
        values = 0.5 * values + weights @ values
    return values


def spread(values: np.ndarray, places: np.ndarray, graph: sparse.csr_array) -> np.ndarray:
    """Spread values of some vertices to all.

    Parameters
    ----------
    values : ndarray of shape (k,)
        Of the vertices that have one.
    places : ndarray of int, shape (k,)
        Which these are.
    graph : sparse array of shape (n, n)
        Of :func:`adjacency`.

    Returns
    -------
    ndarray of shape (n,)
        Those vertices keep theirs; the rest take the mean of their neighbours, ring by ring; 0
        where no neighbour leads to one.
    """
    filled = np.zeros(graph.shape[0])
    known = np.zeros(graph.shape[0], bool)
    filled[places] = values
    known[places] = True
    while not known.all():
        weight = graph @ known.astype(float)
        total = graph @ np.where(known, filled, 0.0)
        reached = ~known & (weight > 0)
        if not reached.any():
            break
        filled[reached] = total[reached] / weight[reached]
        known |= reached
    return filled
