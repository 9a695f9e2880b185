"""The sources that a pair of maps shows: its peaks, one to each place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

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
    near = _neighbours(positions)
    dipole, probability = np.full((n, MOST), -1), np.zeros((n, MOST))
    for window in range(n):
        found = _peaks(active[window], coefficient[window], near)
        order = np.argsort(-active[window, found], kind="stable")
        dipole[window, : len(found)] = found[order]
        probability[window, : len(found)] = active[window, found[order]]
    return Peaks(dipole, probability)


def _neighbours(positions: np.ndarray) -> sparse.csr_array:
    """Dipoles within ``APART_MM`` of each dipole, itself among them."""
    near = cKDTree(positions).query_pairs(APART_MM, output_type="ndarray")
    own = np.arange(len(positions))
    rows = np.concatenate([near[:, 0], near[:, 1], own])
    columns = np.concatenate([near[:, 1], near[:, 0], own])
    shape = (len(positions), len(positions))
    return sparse.csr_array((np.ones(len(rows), bool), (rows, columns)), shape=shape)


def _peaks(active: np.ndarray, coefficient: np.ndarray, near: sparse.csr_array) -> np.ndarray:
    """Dipoles at the peaks of one pair of maps, the highest first."""
    places = np.flatnonzero(active >= LEAST)
    if not len(places):
        return places
    rows = near[places]
    highest = np.maximum.reduceat(coefficient[rows.indices], rows.indptr[:-1])
    places = places[coefficient[places] >= highest]
    found: list[int] = []
    for place in places[np.argsort(-coefficient[places], kind="stable")]:
        # Of dipoles with the same value within reach of each other the first is the peak.
        around = near.indices[near.indptr[place] : near.indptr[place + 1]]
        if not np.isin(found, around).any():
            found.append(int(place))
        if len(found) == MOST:
            break
    return np.asarray(found, int)
