"""What a network's maps are worth, learnt on windows that its weights were not fitted to.

A map of P(active) tells of every dipole. People ask of the window: is anything there, how many
sources, and how far from its true centre may each be? The answers follow from the map's peaks, and
how often such answers are true is read off held-back windows.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from multisource.certainty.levels import LEVELS
from multisource.certainty.logistic import Line, fit_logistic
from multisource.certainty.matching import match_sources
from multisource.certainty.peaks import MOST, Peaks, find_peaks
from multisource.errors import UserError
from multisource.files import atomic
from multisource.simulation.truth import SparseTruth

logger = logging.getLogger(__name__)

CLASSES = 6  # of peaks, by P(active)
FEWEST = 20  # matched peaks of a class


@dataclass(frozen=True)
class Certainty:
    """How true a network's answers are.

    Attributes
    ----------
    presence : Line or None
        From the largest P(active) of a window to the probability that it has a source; None if the
        windows it was learnt on all had one, or none had.
    source : Line
        From P(active) at a peak to the probability that a true centre lies within ``SAME_MM``.
    borders : ndarray of shape (C - 1,)
        P(active) that parts the classes of peaks, ascending.
    radius_mm : ndarray of shape (C, 3)
        For each class, the distance within which the true centre lies in 50, 80 and 95 % of the
        cases in which there is one within ``SAME_MM``, mm.
    windows : int
        How many windows it was learnt on.
    """

    presence: Line | None
    source: Line
    borders: np.ndarray
    radius_mm: np.ndarray
    windows: int


@dataclass(frozen=True)
class Sources:
    """What is said of S windows.

    Attributes
    ----------
    presence : ndarray of shape (S,)
        Probability that there is a source; NaN where that is not known.
    number : ndarray of shape (S, MOST + 1)
        Probability of each number of sources, from none.
    centre : ndarray of int, shape (S, MOST)
        Dipoles at the sources' centres, the most probable first; -1 where there are fewer.
    probability : ndarray of shape (S, MOST)
        Of each source; NaN where there are fewer.
    radius_mm : ndarray of shape (S, MOST, 3)
        Within which the true centre lies, at 50, 80 and 95 %, mm; NaN where there are fewer.
    """

    presence: np.ndarray
    number: np.ndarray
    centre: np.ndarray
    probability: np.ndarray
    radius_mm: np.ndarray


def fit_certainty(
    active: np.ndarray, coefficient: np.ndarray, truth: SparseTruth, positions: np.ndarray
) -> Certainty | None:
    """Learn from a network's maps of windows whose truth is known.

    Parameters
    ----------
    active : ndarray of shape (S, N)
        P(active).
    coefficient : ndarray of shape (S, N)
        E[l].
    truth : SparseTruth
        Of the S windows, to which the network's weights were not fitted.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.

    Returns
    -------
    Certainty or None
        What was learnt; None if fewer than ``FEWEST`` sources were found, so that there is nothing
        to learn from.
    """
    peaks = find_peaks(active, coefficient, positions)
    distance = _distances(peaks, truth, positions)
    said, far = peaks.active[peaks.found], distance[peaks.found]
    true = np.isfinite(far)
    if true.sum() < FEWEST:
        logger.warning(
            "how sure the network is cannot be learnt: it finds %d sources in %d validation "
            "windows, fewer than %d; train longer, or simulate more validation samples",
            true.sum(),
            len(truth),
            FEWEST,
        )
        return None
    presence = fit_logistic(active.max(axis=1), truth.centre.max(axis=1) >= 0)
    if presence is None:
        logger.warning(
            "whether there is any source cannot be learnt: the validation windows all have one, or "
            "none has; a split with n_patches: [0, 3] has both"
        )
    source = fit_logistic(said, true)
    said, far = said[true], far[true]
    count = max(1, min(CLASSES, len(said) // FEWEST))
    borders = np.quantile(said, np.arange(1, count) / count)
    group = np.searchsorted(borders, said, side="right")
    radius = np.array([_quantiles(far[group == c]) for c in range(count)])
    # All peaks true, which a tiny study may show: then the map's own word stands.
    return Certainty(presence, source or Line(1.0, 0.0), borders, radius, len(truth))


def tell_sources(
    certainty: Certainty,
    active: np.ndarray,
    coefficient: np.ndarray,
    positions: np.ndarray,
    *,
    presence: np.ndarray | None = None,
) -> Sources:
    """Say what maps show, and how surely.

    Parameters
    ----------
    certainty : Certainty
        Of the network.
    active : ndarray of shape (S, N)
        P(active).
    coefficient : ndarray of shape (S, N)
        E[l].
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    presence : ndarray of shape (S,), optional
        Probability that there is anything, where it was measured: the sources are as probable as
        their maps say times this. By default it is read off the maps.

    Returns
    -------
    Sources
        Of every window. The numbers' probabilities take the sources for independent of each other,
        given that there is any.
    """
    peaks = find_peaks(active, coefficient, positions)
    probability = np.where(peaks.found, certainty.source(peaks.active), 0.0)
    number = _numbers(probability)
    if presence is not None:
        presence = np.asarray(presence, float)
        probability *= presence[:, None]
    elif certainty.presence is not None:
        presence = certainty.presence(active.max(axis=1))
    if presence is None:
        presence = np.full(len(active), np.nan)
    else:
        some = 1 - number[:, 0]
        # A map without a single peak shows at least one source where presence says so.
        rest = np.where(some[:, None] > 0, number[:, 1:], np.eye(1, MOST))
        rest = rest / rest.sum(axis=1, keepdims=True)
        number = np.column_stack([1 - presence, presence[:, None] * rest])
    group = np.searchsorted(certainty.borders, peaks.active, side="right")
    radius = certainty.radius_mm[group]
    radius[~peaks.found] = np.nan
    probability[~peaks.found] = np.nan
    return Sources(presence, number, peaks.dipole, probability, radius)


def save_certainty(path: str | Path, certainty: Certainty | None) -> None:
    """Write as JSON.

    Parameters
    ----------
    path : str or path-like
        The output.
    certainty : Certainty or None
        What is written; None as ``null``.
    """
    described = certainty and {
        "presence": certainty.presence and certainty.presence._asdict(),
        "source": certainty.source._asdict(),
        "borders": certainty.borders.tolist(),
        "levels": list(LEVELS),
        "radius_mm": certainty.radius_mm.tolist(),
        "windows": certainty.windows,
    }
    with atomic(path) as part:
        part.write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def load_certainty(path: str | Path) -> Certainty | None:
    """Read what :func:`save_certainty` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Certainty or None
        What was learnt, if anything was.

    Raises
    ------
    UserError
        If the file is damaged.
    """
    try:
        described: dict[str, Any] | None = json.loads(Path(path).read_text(encoding="utf-8"))
        if described is None:
            return None
        presence = described["presence"]
        return Certainty(
            presence=presence and Line(**presence),
            source=Line(**described["source"]),
            borders=np.asarray(described["borders"], float),
            radius_mm=np.asarray(described["radius_mm"], float).reshape(-1, len(LEVELS)),
            windows=int(described["windows"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: missing or damaged ({error}); delete it and run again") from error


def _distances(peaks: Peaks, truth: SparseTruth, positions: np.ndarray) -> np.ndarray:
    """Distance of each peak to its true centre (S, MOST), mm; infinite where there is none."""
    distance = np.full(peaks.dipole.shape, np.inf)
    for window, dipoles in enumerate(peaks.dipole):
        places, true = positions[dipoles[dipoles >= 0]], positions[truth.centres(window)]
        matched = match_sources(places, true)
        far = np.linalg.norm(places - true[matched], axis=1) if len(true) else np.inf
        distance[window, : len(places)] = np.where(matched >= 0, far, np.inf)
    return distance


def _quantiles(distance: np.ndarray) -> list[float]:
    """The radii of a class, the next larger distance to be on the safe side (conformal)."""
    ordered = np.sort(distance)
    rank = np.ceil(np.asarray(LEVELS) * (len(ordered) + 1)).astype(int)
    return [float(value) for value in ordered[np.minimum(rank, len(ordered)) - 1]]


def _numbers(probability: np.ndarray) -> np.ndarray:
    """Probability of 0, 1, ... of independent events (S, K) coming true, (S, K + 1)."""
    number = np.zeros((len(probability), probability.shape[1] + 1))
    number[:, 0] = 1.0
    for column in probability.T:
        came, other = number * column[:, None], number * (1 - column)[:, None]
        number = other
        number[:, 1:] += came[:, :-1]
    return number
