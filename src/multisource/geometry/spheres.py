"""The sphere that points lie on."""

from __future__ import annotations

import numpy as np


def sphere_centre(points: np.ndarray) -> np.ndarray:
    """Return the centre of the sphere that fits points best.

    Parameters
    ----------
    points : ndarray of shape (N, 3)
        Points, four at least.

    Returns
    -------
    ndarray of shape (3,)
        Centre, in the points' unit.
    """
    # |p|^2 = 2 c p + (r^2 - |c|^2) is linear in c.
    middle = points.mean(axis=0)
    near = points - middle
    terms = np.column_stack([2 * near, np.ones(len(near))])
    solution, *_ = np.linalg.lstsq(terms, (near**2).sum(axis=1), rcond=None)
    centre: np.ndarray = middle + solution[:3]
    return centre
