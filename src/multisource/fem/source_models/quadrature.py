"""Rules of integration on the faces of elements."""

from __future__ import annotations

import numpy as np


def triangle_rule() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the P1 functions at the points of a rule that is exact to degree 7.

    It is the collapsed product of Gauss and Gauss-Jacobi rules (Stroud 1971), 16 points.

    Returns
    -------
    values : ndarray of shape (q, 3)
        The functions at the points.
    slopes : ndarray of shape (q, 3, 2)
        Their slopes in reference coordinates.
    weights : ndarray of shape (q,)
        Weights of the rule.
    """
    from scipy.special import roots_jacobi

    (x, wx), (y, wy) = (roots_jacobi(4, power, 0) for power in (1, 0))
    x, wx, y, wy = (x + 1) / 2, wx / 4, (y + 1) / 2, wy / 2
    a, b = np.meshgrid(x, y, indexing="ij")
    local = np.stack([a, b * (1 - a)], axis=-1).reshape(-1, 2)
    values = np.column_stack([1 - local.sum(axis=1), local])
    slopes = np.broadcast_to(np.array([[-1.0, -1], [1, 0], [0, 1]]), (len(local), 3, 2)).copy()
    return values, slopes, np.einsum("i,j->ij", wx, wy).ravel()


def quadrilateral_rule() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the Q1 functions at the Gauss points of a face whose corners run around it.

    Returns
    -------
    values : ndarray of shape (q, 4)
        The functions at the points.
    slopes : ndarray of shape (q, 4, 2)
        Their slopes in reference coordinates.
    weights : ndarray of shape (q,)
        Weights of the rule.
    """
    line, weight = np.polynomial.legendre.leggauss(3)
    line, weight = (line + 1) / 2, weight / 2
    s, t = (grid.ravel() for grid in np.meshgrid(line, line, indexing="ij"))
    values = np.column_stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t])
    along_s = np.column_stack([t - 1, 1 - t, t, -t])
    along_t = np.column_stack([s - 1, -s, s, 1 - s])
    return values, np.stack([along_s, along_t], axis=-1), np.outer(weight, weight).ravel()
