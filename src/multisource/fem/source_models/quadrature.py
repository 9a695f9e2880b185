"""Rules of integration on the faces of elements."""

from __future__ import annotations

import numpy as np


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
