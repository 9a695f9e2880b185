"""What is drawn of a map: colours go up to its largest value, however small that is."""

from __future__ import annotations

import numpy as np

LEAST = 0.01


def shown_map(maps: np.ndarray, has_cortex: np.ndarray, *, probability: bool) -> np.ndarray:
    """Return what is drawn of maps.

    Parameters
    ----------
    maps : ndarray of shape (..., N)
        Maps, nowhere negative.
    has_cortex : ndarray of bool, shape (N,)
        Where there is cortex; elsewhere nothing is drawn.
    probability : bool
        Whether the maps are probabilities of being active: one that is nowhere ``LEAST`` or more
        is drawn as none.

    Returns
    -------
    ndarray of shape (..., N)
        The maps, zero where nothing is drawn.
    """
    shown = np.where(has_cortex, maps, 0)
    if probability:
        shown = np.where(shown.max(axis=-1, keepdims=True) < LEAST, 0, shown)
    return shown
