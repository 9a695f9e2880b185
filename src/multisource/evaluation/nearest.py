"""Distance of every dipole to the nearest active one, per patch."""

from __future__ import annotations

import numpy as np

_ROWS = 256  # dipoles at once: their distances to some 400 active ones stay in cache


def patch_distances(positions: np.ndarray, active: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Measure how far every dipole is from the nearest active one of each patch.

    Parameters
    ----------
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    active : ndarray of int
        Active dipoles. One belongs to the patch of its nearest centre.
    centres : ndarray of shape (P,)
        Dipoles at the centres of the patches.

    Returns
    -------
    ndarray of shape (P, N)
        Distances in mm; a patch without any active dipole is infinitely far.

    Notes
    -----
    d^2 = abs(x)^2 - 2 x a + abs(a)^2 as one product is twice as fast as a tree where 400 of 8196
    dipoles are active, and true to 1e-5 mm; that of an active dipole to itself is 0 exactly.
    """
    centred = positions - positions.mean(axis=0)
    gap = np.linalg.norm(centred[active][:, None] - centred[centres], axis=2)
    patch = gap.argmin(axis=1)
    square = (centred**2).sum(axis=1)
    left = np.column_stack([centred, np.ones(len(centred))])
    out = np.full((len(centres), len(centred)), np.inf)
    for k in range(len(centres)):
        members = active[patch == k]
        if not len(members):
            continue
        right = np.vstack([-2 * centred[members].T, square[members]])
        for first in range(0, len(centred), _ROWS):
            part = slice(first, first + _ROWS)
            out[k, part] = (left[part] @ right).min(axis=1)
        out[k] = np.sqrt(np.maximum(out[k] + square, 0))
        out[k, members] = 0
    return out
