"""Vertices that share an edge of a triangle mesh, and averages over them."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from multisource.geometry.surfaces import edges


def adjacency(triangles: np.ndarray, count: int) -> sparse.csr_array:
    """Symmetric 0/1 matrix (count, count) of vertices that share an edge, empty diagonal."""
    pairs = edges(triangles)
    ones = np.ones(len(pairs))
    graph = sparse.coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count)).tocsr()
    graph = graph + graph.T
    graph.data[:] = 1.0
    return graph


def smooth(values: np.ndarray, triangles: np.ndarray, steps: int) -> np.ndarray:
    """Average each vertex's value (n,) or (n, k) with its neighbours' mean, ``steps`` times."""
    graph = adjacency(triangles, len(values))
    degree = graph.sum(axis=1)
    weights = sparse.diags_array(0.5 / degree) @ graph
    for _ in range(steps):
        values = 0.5 * values + weights @ values
    return values
