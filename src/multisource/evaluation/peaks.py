"""Sources that a map shows: its peaks, and which of them are true sources."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from multisource.certainty.matching import SAME_MM
from multisource.certainty.peaks import leave_highest, neighbours

MOST = 20  # peaks that are looked at


class Peaks:
    """The peaks of maps on one set of dipoles.

    A peak is a dipole above 0 that no dipole within ``certainty.peaks.APART_MM`` surpasses; of
    equal ones, the first counts.

    Parameters
    ----------
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    """

    def __init__(self, positions: np.ndarray) -> None:
        self._start, self._near = neighbours(np.asarray(positions, float).tobytes())

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return the peaks of a map.

        Parameters
        ----------
        values : ndarray of shape (N,)
            A map, 0 or more.

        Returns
        -------
        ndarray of int
            Dipoles, the highest first, ``MOST`` at most.
        """
        peak = values > 0
        leave_highest(np.ascontiguousarray(values), self._start, self._near, peak, True)
        some = np.flatnonzero(peak)
        return some[np.argsort(-values[some], kind="stable")][:MOST]


def match_optimally(said: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Match said sources and true centres one to one (Hungarian algorithm, Kuhn 1955).

    As many as can be are matched, and of the ways to do so that of the smallest sum of distances
    is taken; a pair farther apart than :data:`multisource.certainty.matching.SAME_MM` is none.

    Parameters
    ----------
    said : ndarray of shape (K, 3)
        Places of the said sources, mm.
    true : ndarray of shape (n, 3)
        Centres of the true patches, mm.

    Returns
    -------
    pairs : ndarray of int, shape (M, 2)
        Numbers of the said and the true source of each pair.
    error_mm : ndarray of shape (M,)
        Distance of each pair.
    """
    if not len(said) or not len(true):
        return np.empty((0, 2), int), np.empty(0)
    distance = cdist(said, true)
    near = distance <= SAME_MM
    # One pair more is worth more than all distances.
    cost = np.where(near, distance, 1e3 * SAME_MM)
    rows, columns = linear_sum_assignment(cost)
    kept = near[rows, columns]
    pairs = np.column_stack([rows, columns])[kept]
    return pairs, distance[pairs[:, 0], pairs[:, 1]]
