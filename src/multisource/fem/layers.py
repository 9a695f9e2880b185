"""Tetrahedra in layers between two surfaces of one triangulation.

A triangle and its copy on the next surface span a prism, which is cut into three tetrahedra. Of
all meshes this one puts the nodes where potentials of dipoles under a surface need them: many
along the surface, few across it, none elsewhere.
"""

from __future__ import annotations

import numpy as np


def prism_layers(
    inner: np.ndarray, outer: np.ndarray, triangles: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and tetrahedra of equally thick layers between two surfaces.

    Neighbouring prisms are cut along the same diagonals, and all volumes are positive where ``fit``
    says so.

    Parameters
    ----------
    inner, outer : ndarray of shape (n, 3)
        Vertices of both surfaces.
    triangles : ndarray of shape (t, 3)
        Triangles of both, outward.
    count : int
        Number of layers.

    Returns
    -------
    nodes : ndarray of shape ((count + 1) n, 3)
        Node ``k * n + v`` is vertex ``v`` of the k-th surface from the inside.
    elements : ndarray of shape (3 count t, 4)
        Tetrahedra.
    """
    n = len(inner)
    parts = np.linspace(0, 1, count + 1)[:, None, None]
    nodes = ((1 - parts) * inner + parts * outer).reshape(-1, 3)
    # A quadrilateral is cut at the lower one of its two ranks: whoever looks at it sees the same.
    # In the order of the vertices' numbers all cuts would lean to one side.
    rank = np.random.default_rng(0).permutation(n)
    turn = np.argsort(rank[triangles], axis=1)
    a, b, c = np.take_along_axis(triangles, turn, axis=1).T
    prism = np.concatenate(
        [
            np.column_stack([a, b, c, c + n]),
            np.column_stack([a, b, b + n, c + n]),
            np.column_stack([a, a + n, b + n, c + n]),
        ]
    )
    # Sorting by rank turns every other triangle over.
    odd = np.linalg.det(np.eye(3)[turn]) < 0
    flip = np.tile(odd, 3)
    flip[len(odd) : 2 * len(odd)] ^= True
    prism[flip] = prism[flip][:, [1, 0, 2, 3]]
    return nodes, np.concatenate([prism + layer * n for layer in range(count)])


def fit(
    inner: np.ndarray, inner_triangles: np.ndarray, outer: np.ndarray, triangles: np.ndarray
) -> bool:
    """Tell whether two surfaces have the same triangles and no prism between them is turned over.

    Parameters
    ----------
    inner : ndarray of shape (n, 3)
        Vertices of the inner surface.
    inner_triangles : ndarray of shape (t, 3)
        Its triangles.
    outer : ndarray of shape (k, 3)
        Vertices of the outer surface.
    triangles : ndarray of shape (u, 3)
        Its triangles.

    Returns
    -------
    bool
        Whether layers can be laid between them.
    """
    if len(inner) != len(outer) or not np.array_equal(inner_triangles, triangles):
        return False
    nodes, elements = prism_layers(inner, outer, triangles, 1)
    corners = nodes[elements]
    return bool((np.linalg.det(corners[:, 1:] - corners[:, :1]) > 0).all())
