"""The sources that a pair of maps shows: its peaks, one to each place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree

from multisource.compiled import njit

# Two peaks nearer than this are one source: patches of the smallest extent touch at 20 mm.
APART_MM = 20.0
MOST = 5  # peaks of a window
LEAST = 0.02  # P(active) below which nothing is called a peak


@dataclass(frozen=True)
class Peaks:
    """Peaks of the maps of S windows, the most probable of each window first.

    Attributes
    ----------
    dipole : ndarray of int, shape (S, MOST)
        Where; -1 where a window has fewer.
    active : ndarray of shape (S, MOST)
        P(active) there; 0 where a window has fewer.
    """

    dipole: np.ndarray
    active: np.ndarray

    @property
    def found(self) -> np.ndarray:
        """Whether there is a peak, (S, MOST)."""
        return self.dipole >= 0


def find_peaks(active: np.ndarray, coefficient: np.ndarray, positions: np.ndarray) -> Peaks:
    """Find the peaks of maps.

    A peak is a dipole whose expected coefficient, which is largest at a patch's centre, no dipole
    within ``APART_MM`` exceeds.

    Parameters
    ----------
    active : ndarray of shape (S, N)
        P(active), 0..1.
    coefficient : ndarray of shape (S, N)
        E[l], 0..1.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.

    Returns
    -------
    Peaks
        At most ``MOST`` a window, with P(active) of at least ``LEAST``.
    """
    n = len(active)
    start, near = neighbours(np.asarray(positions, float).tobytes())
    dipole, probability = np.full((n, MOST), -1), np.zeros((n, MOST))
    for window in range(n):
        found = _peaks(active[window], np.ascontiguousarray(coefficient[window]), start, near)
        order = np.argsort(-active[window, found], kind="stable")
        dipole[window, : len(found)] = found[order]
        probability[window, : len(found)] = active[window, found[order]]
    return Peaks(dipole, probability)


@lru_cache(maxsize=2)  # The same dipoles are asked for again, set of windows by set of windows.
def neighbours(positions: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return the dipoles within ``APART_MM`` of each.

    Parameters
    ----------
    positions : bytes
        Of the dipoles, mm: what ``tobytes`` makes of float64 of shape (N, 3).

    Returns
    -------
    start : ndarray of int, shape (N + 1,)
        Those of dipole i are ``near[start[i]:start[i + 1]]``.
    near : ndarray of int32
        Dipoles, in their order, without the dipole itself.
    """
    places = np.frombuffer(positions).reshape(-1, 3)
    count = len(places)
    one, other = cKDTree(places).query_pairs(APART_MM, output_type="ndarray").T
    both = np.sort(np.concatenate([one * count + other, other * count + one]))
    return both.searchsorted(np.arange(count + 1) * count), (both % count).astype(np.int32)


def _peaks(
    active: np.ndarray, coefficient: np.ndarray, start: np.ndarray, near: np.ndarray
) -> np.ndarray:
    """Dipoles at the peaks of one pair of maps, the highest first."""
    peak = active >= LEAST
    leave_highest(coefficient, start, near, peak, False)
    places = np.flatnonzero(peak)
    found: list[int] = []
    for place in places[np.argsort(-coefficient[places], kind="stable")]:
        # Of dipoles with the same value within reach of each other the first is the peak.
        around = near[start[place] : start[place + 1]]
        if not any((around == other).any() for other in found):
            found.append(int(place))
        if len(found) == MOST:
            break
    return np.asarray(found, int)


@njit(cache=True)
def leave_highest(
    values: np.ndarray, start: np.ndarray, near: np.ndarray, peak: np.ndarray, one_of_equal: bool
) -> None:
    """Take out of a set the dipoles that a near one exceeds: mostly one of the first looked at.

    Parameters
    ----------
    values : ndarray of shape (N,)
        A map.
    start, near : ndarray
        As :func:`neighbours` returns them.
    peak : ndarray of bool, shape (N,)
        The set; changed in place.
    one_of_equal : bool
        Whether of equal dipoles that are near each other only the first stays.
    """
    for i in range(len(values)):
        if not peak[i]:
            continue
        for k in range(start[i], start[i + 1]):
            other = values[near[k]]
            if other > values[i] or (one_of_equal and other == values[i] and near[k] < i):
                peak[i] = False
                break
