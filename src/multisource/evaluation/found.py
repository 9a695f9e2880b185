"""How small, weak and near to each other sources may be and still be found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from multisource.evaluation.estimates import read_estimates
from multisource.evaluation.ranking import Ranking
from multisource.simulation.truth import SparseTruth

FOUND = 0.3  # share of a patch among the strongest dipoles from which it counts as found
EXTENTS_MM = (0.0, 25.0, 30.0, 40.0, 50.0, np.inf)
POWERS_DB = (-np.inf, -15.0, -10.0, -5.0, -2.0, 0.0)
DISTANCES_MM = (0.0, 30.0, 50.0, 70.0, 100.0, np.inf)
COLUMNS = ("method", "by", "from", "to", "windows", "recall", "found")


def patch_recall(
    maps: np.ndarray, truth: SparseTruth, members: list[list[np.ndarray]]
) -> np.ndarray:
    """Return what share of each patch is among the strongest dipoles.

    As many dipoles of the map count as are active in the window (the n of FractionActive).

    Parameters
    ----------
    maps : ndarray of shape (S, N)
        Estimates.
    truth : SparseTruth
        Of the S windows.
    members : list of list of ndarray of int
        The dipoles of each patch of each window.

    Returns
    -------
    ndarray of shape (S, P)
        0 to 1; NaN where a window has fewer patches.
    """
    recall = np.full((len(truth), truth.centre.shape[1]), np.nan)
    for window, patches in enumerate(members):
        n = len(truth.active(window))
        if not n:
            continue
        highest, weight = Ranking(maps[window]).top_weights(n)
        counts = np.zeros(truth.n_dipoles)
        counts[highest] = weight
        recall[window, : len(patches)] = [counts[patch].mean() for patch in patches]
    return recall


def patch_members(
    truth: SparseTruth, extents_mm: np.ndarray, positions: np.ndarray
) -> list[list[np.ndarray]]:
    """Return the dipoles of every patch: those nearer to its centre than half its extent.

    Parameters
    ----------
    truth : SparseTruth
        Of S windows.
    extents_mm : ndarray of shape (S, P)
        Diameters, mm.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.

    Returns
    -------
    list of list of ndarray of int
        For each window and patch; the centre itself at the least.
    """
    tree = cKDTree(positions)
    return [
        [
            np.asarray(tree.query_ball_point(positions[centre], max(extent / 2, 1e-6)), int)
            for centre, extent in zip(truth.centres(window), extents_mm[window], strict=False)
        ]
        for window in range(len(truth))
    ]


def patch_powers(
    truth: SparseTruth,
    extents_mm: np.ndarray,
    members: list[list[np.ndarray]],
    positions: np.ndarray,
    gain: np.ndarray,
) -> np.ndarray:
    """Return the power of each patch's topography.

    Parameters
    ----------
    truth : SparseTruth
        Of S windows.
    extents_mm : ndarray of shape (S, P)
        Diameters, mm.
    members : list of list of ndarray of int
        As :func:`patch_members` returns them.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    gain : ndarray of shape (E, N)
        Leadfield of fixed orientation that made the EEG.

    Returns
    -------
    ndarray of shape (S, P)
        Power of the EEG, average reference, that follows the patch's centre, in units of the
        leadfield's; NaN where a window has fewer patches.
    """
    referenced = gain - gain.mean(axis=0)
    power = np.full(truth.centre.shape, np.nan)
    for window, patches in enumerate(members):
        for p, (centre, dipoles) in enumerate(zip(truth.centres(window), patches, strict=True)):
            far = np.linalg.norm(positions[dipoles] - positions[centre], axis=1)
            coefficient = 1 - far / (extents_mm[window, p] / 2)
            power[window, p] = np.square(referenced[:, dipoles] @ coefficient).sum()
    return power


def found_table(
    estimates: Mapping[str, str | Path],
    truth: SparseTruth,
    extents_mm: np.ndarray,
    positions: np.ndarray,
    gain: np.ndarray,
) -> pd.DataFrame:
    """Tell what each method finds by extent, by power and by distance.

    Parameters
    ----------
    estimates : mapping of str to path
        Method to its estimates of the windows, or of the first of them.
    truth : SparseTruth
        Of S windows.
    extents_mm : ndarray of shape (S, P)
        Diameters, mm.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    gain : ndarray of shape (E, N)
        Leadfield of fixed orientation that made the EEG.

    Returns
    -------
    pandas.DataFrame
        One row per method, ``by`` and bin. ``extent_mm``: the patches of windows with one, by their
        extent. ``power_db``: the weaker patch of windows with two, by its topography's power over
        the other's. ``distance_mm``: windows with two, by the distance of the centres; the lower
        recall of the two, and whether both are found. ``recall`` is the mean of
        :func:`patch_recall`, ``found`` the share of at least ``FOUND``; NaN without any window.
    """
    members = patch_members(truth, extents_mm, positions)
    power = patch_powers(truth, extents_mm, members, positions, gain)
    one, two = (np.flatnonzero(truth.n_patches == n) for n in (1, 2))
    pair = truth.centre[two, :2]
    distance = np.linalg.norm(positions[pair[:, 0]] - positions[pair[:, 1]], axis=1)
    weaker = power[two, :2].argmin(axis=1) if len(two) else np.empty(0, int)
    ratio = 10 * np.log10(power[two, :2].min(axis=1) / power[two, :2].max(axis=1))
    rows = []
    for method, path in estimates.items():
        maps = read_estimates(path)
        done = len(maps)
        recall = patch_recall(maps, truth.first(done), members[:done])
        single, double = one[one < done], two[two < done]
        k = len(double)
        for by, borders, value, share in (
            ("extent_mm", EXTENTS_MM, extents_mm[single, 0], recall[single, 0]),
            ("power_db", POWERS_DB, ratio[:k], recall[double, weaker[:k]]),
            ("distance_mm", DISTANCES_MM, distance[:k], recall[double, :2].min(axis=1)),
        ):
            for low, high in zip(borders[:-1], borders[1:], strict=True):
                # A ratio of one, 0 dB, belongs to the last bin.
                inside = share[(value >= low) & ((value < high) | ((value == 0) & (high == 0)))]
                some = len(inside) > 0
                rows.append(
                    {
                        "method": method,
                        "by": by,
                        "from": low,
                        "to": high,
                        "windows": len(inside),
                        "recall": inside.mean() if some else np.nan,
                        "found": (inside >= FOUND).mean() if some else np.nan,
                    }
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))
