"""From where on a value of a map counts as activity: thresholds chosen on validation windows.

The rule is the same for all methods: of thresholds relative to the map's maximum and absolute ones,
that with the highest mean F1 (van Rijsbergen 1979) over the windows with a source.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike

from multisource.errors import UserError
from multisource.evaluation.peaks import Peaks, match_optimally
from multisource.files import atomic, reading
from multisource.simulation.truth import SparseTruth

SHARES = np.arange(1, 50) / 50


@dataclass(frozen=True)
class Threshold:
    """A value from which on a map's dipole counts.

    Attributes
    ----------
    value : float
        The value, or share of the map's maximum.
    relative : bool
        Whether it is a share.
    """

    value: float
    relative: bool

    def of(self, values: np.ndarray) -> float:
        """Return the threshold of a map.

        Parameters
        ----------
        values : ndarray of shape (N,)
            The map.

        Returns
        -------
        float
            In the map's units; above 0 always, so that what is 0 never counts.
        """
        value = self.value * values.max() if self.relative else self.value
        return max(float(value), float(np.finfo(np.float32).tiny))


@dataclass(frozen=True)
class Thresholds:
    """The thresholds of a method.

    Attributes
    ----------
    dipoles : Threshold
        From which on a dipole counts as active.
    peaks : Threshold
        From which on a peak counts as a source.
    """

    dipoles: Threshold
    peaks: Threshold


def f1(hits: ArrayLike, said: ArrayLike, true: ArrayLike) -> np.ndarray:
    """Return F1, the harmonic mean of precision and recall.

    Parameters
    ----------
    hits, said, true : array-like
        Numbers of those that are said and true, said, and true.

    Returns
    -------
    ndarray
        2 hits / (said + true), 0 to 1.
    """
    return 2 * np.asarray(hits) / (np.asarray(said) + np.asarray(true))


def choose_thresholds(
    maps: np.ndarray,
    truth: SparseTruth,
    positions: np.ndarray,
    *,
    ranked: np.ndarray | None = None,
) -> Thresholds:
    """Choose both thresholds of a method on validation windows.

    Parameters
    ----------
    maps : ndarray of shape (S, N)
        Its maps.
    truth : SparseTruth
        Of the S windows.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    ranked : ndarray of shape (S, N), optional
        The maps in which its peaks are looked for; by default the same.

    Returns
    -------
    Thresholds
        Those of the highest mean F1.

    Raises
    ------
    UserError
        If no window has a source.
    """
    windows = np.flatnonzero(truth.n_patches > 0)
    if not len(windows):
        raise UserError("validation: no window has a source, so that no threshold can be chosen")
    ranked = maps if ranked is None else ranked
    return Thresholds(
        _dipole_threshold(maps, truth, windows), _peak_threshold(ranked, truth, positions, windows)
    )


def write_thresholds(path: str | os.PathLike[str], thresholds: Thresholds) -> None:
    """Write thresholds as JSON.

    Parameters
    ----------
    path : str or path-like
        The output.
    thresholds : Thresholds
        What is written.
    """
    with atomic(path) as part:
        part.write_text(json.dumps(asdict(thresholds), indent=1) + "\n", encoding="utf-8")


def read_thresholds(path: str | os.PathLike[str]) -> Thresholds:
    """Read thresholds.

    Parameters
    ----------
    path : str or path-like
        A file of :func:`write_thresholds`.

    Returns
    -------
    Thresholds
        What it holds.

    Raises
    ------
    UserError
        If the file is missing, damaged or holds something else.
    """
    with reading(path), open(path, encoding="utf-8") as file:
        found = json.load(file)
        return Thresholds(**{name: Threshold(**found[name]) for name in ("dipoles", "peaks")})


def _dipole_threshold(maps: np.ndarray, truth: SparseTruth, windows: np.ndarray) -> Threshold:
    # Where as many dipoles count as are active, F1 is near its highest.
    nth = [np.partition(maps[s], -len(a))[-len(a)] for s in windows for a in [truth.active(s)]]
    candidates = _candidates(np.array(nth))
    scores = np.zeros(len(candidates))
    for s in windows:
        ordered, active = np.sort(maps[s]), np.sort(maps[s][truth.active(s)])
        borders = _borders(candidates, maps[s])
        said = len(ordered) - ordered.searchsorted(borders)
        scores += f1(len(active) - active.searchsorted(borders), said, len(active))
    return candidates[int(scores.argmax())]


def _peak_threshold(
    maps: np.ndarray, truth: SparseTruth, positions: np.ndarray, windows: np.ndarray
) -> Threshold:
    finder = Peaks(positions)
    highest = np.array([maps[s].max() for s in windows])
    candidates = _candidates(highest)
    scores = np.zeros(len(candidates))
    for s in windows:
        peaks, centres = finder.of(maps[s]), positions[truth.centres(s)]
        places = positions[peaks]
        # Of the k highest peaks, how many are true.
        hits = [len(match_optimally(places[:k], centres)[0]) for k in range(len(peaks) + 1)]
        borders = _borders(candidates, maps[s])
        said = len(peaks) - maps[s][peaks][::-1].searchsorted(borders)
        scores += f1(np.array(hits)[said], said, len(centres))
    return candidates[int(scores.argmax())]


def _candidates(values: np.ndarray) -> list[Threshold]:
    """Shares of the maximum, and quantiles over the windows of a value of the maps."""
    absolute = np.unique(np.quantile(values, SHARES))
    return [Threshold(float(share), True) for share in SHARES] + [
        Threshold(float(value), False) for value in absolute
    ]


def _borders(candidates: list[Threshold], values: np.ndarray) -> np.ndarray:
    """The thresholds of a map, each as :meth:`Threshold.of` has it."""
    part = np.array([one.value for one in candidates], values.dtype)
    whole = np.array([one.value for one in candidates])
    relative = np.array([one.relative for one in candidates])
    borders = np.where(relative, part * values.max(), whole)
    return np.maximum(borders, np.finfo(np.float32).tiny)
