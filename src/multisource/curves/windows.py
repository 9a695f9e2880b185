"""The windows of a curve's point."""

from __future__ import annotations

import numpy as np

from multisource.errors import UserError
from multisource.simulation.samples import Simulator

_AT_ONCE = 5000
_MOST = 1_000_000  # samples that are looked at for windows of a distance
TOLERANCE_MM = 5.0


def first_windows(samples: int) -> np.ndarray:
    """Return the numbers of a split's first samples.

    Parameters
    ----------
    samples : int
        How many.

    Returns
    -------
    ndarray of shape (samples,)
        Numbers from 0.
    """
    return np.arange(samples)


def windows_apart(
    simulator: Simulator, positions: np.ndarray, samples: int, distance_mm: float
) -> np.ndarray:
    """Find the first samples whose two centres are so far apart.

    Parameters
    ----------
    simulator : Simulator
        Of two patches in each sample.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    samples : int
        How many are wanted.
    distance_mm : float
        Distance of the centres; within ``TOLERANCE_MM`` of it.

    Returns
    -------
    ndarray of shape (samples,)
        Numbers of the samples.

    Raises
    ------
    UserError
        If there are too few.
    """
    found: list[np.ndarray] = []
    for start in range(0, _MOST, _AT_ONCE):
        indices = np.arange(start, start + _AT_ONCE)
        centre = simulator.patches(indices.astype(np.uint64)).truth.centre[:, :2]
        apart = np.linalg.norm(positions[centre[:, 0]] - positions[centre[:, 1]], axis=1)
        found.append(indices[np.abs(apart - distance_mm) <= TOLERANCE_MM])
        if sum(map(len, found)) >= samples:
            return np.concatenate(found)[:samples]
    raise UserError(
        f"distance_mm: {distance_mm:g}; of {_MOST} samples {sum(map(len, found))} have centres so "
        f"far apart; {samples} are wanted: name another distance or fewer samples"
    )
