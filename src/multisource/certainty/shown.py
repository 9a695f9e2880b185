"""What is drawn of a probability: colours go up to a map's largest value, however small."""

from __future__ import annotations

import numpy as np

LEAST = 0.01


def without_nothing(maps: np.ndarray) -> np.ndarray:
    """Return maps of probabilities, those that are nowhere above ``LEAST`` as zeros.

    Parameters
    ----------
    maps : ndarray of shape (..., N)
        Probabilities that a dipole is active.

    Returns
    -------
    ndarray of shape (..., N)
        What is drawn.
    """
    return np.where(maps.max(axis=-1, keepdims=True) < LEAST, 0.0, maps)
