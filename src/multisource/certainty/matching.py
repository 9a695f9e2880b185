"""Which said source is which true one."""

from __future__ import annotations

import numpy as np

# A said source farther than this from every true centre is false.
SAME_MM = 40.0


def match_sources(said: np.ndarray, true: np.ndarray, *, same_mm: float = SAME_MM) -> np.ndarray:
    """Match said sources and true centres one to one, the nearest pair first.

    Parameters
    ----------
    said : ndarray of shape (K, 3)
        Places of the said sources, mm.
    true : ndarray of shape (n, 3)
        Centres of the true patches, mm.
    same_mm : float, optional
        Pairs farther apart are none.

    Returns
    -------
    ndarray of int, shape (K,)
        The true patch of each said source; -1 where there is none.
    """
    matched = np.full(len(said), -1)
    if not len(said) or not len(true):
        return matched
    distance = np.linalg.norm(said[:, None] - true[None], axis=2)
    for pair in np.argsort(distance, axis=None, kind="stable"):
        k, j = divmod(int(pair), len(true))
        if distance[k, j] > same_mm:
            break
        if matched[k] < 0 and j not in matched:
            matched[k] = j
    return matched
