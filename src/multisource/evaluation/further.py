"""Metrics beyond the paper's, per window: what AUC and FractionActive do not tell.

docs/metrics.md defines each with its formula and source.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from multisource.evaluation.courses import Courses
from multisource.evaluation.distances import TruthDistances
from multisource.evaluation.metrics import FURTHER_METRICS
from multisource.evaluation.peaks import Peaks, match_optimally
from multisource.evaluation.ranking import Ranking
from multisource.evaluation.thresholds import Thresholds, f1
from multisource.evaluation.transport import Transport
from multisource.progress import progress
from multisource.simulation.truth import SparseTruth


def evaluate_further(
    estimates: np.ndarray,
    truth: SparseTruth,
    positions: np.ndarray,
    distances: TruthDistances,
    thresholds: Thresholds,
    *,
    coefficients: np.ndarray | None = None,
    emd_windows: int | None = None,
    courses: Courses | None = None,
) -> pd.DataFrame:
    """Compute the metrics beyond the paper's of every window.

    Parameters
    ----------
    estimates : ndarray of shape (S, N)
        Maps, 0 or more.
    truth : SparseTruth
        Active dipoles and centres of the S windows.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    distances : TruthDistances
        Of the same truth and positions.
    thresholds : Thresholds
        Of the method, chosen on other windows.
    coefficients : ndarray of shape (S, N), optional
        Expected coefficients l of a method that tells them from P(active). Peaks and mass are
        taken from them; by default from ``estimates``.
    emd_windows : int, optional
        The first windows that the earth mover's distance is computed for; all by default.

    courses : Courses, optional
        Of the same windows, for the time courses; without it they are not judged.

    Returns
    -------
    pandas.DataFrame
        One row per window, the columns of ``FURTHER_METRICS``. In a window without a source only
        ``sources_said`` and ``sources_invented`` are defined.

    Notes
    -----
    recall_least
        Share of a patch's active dipoles among the n highest of the map, n the number of active
        ones; the lowest of the patches. FractionActive is their mean, weighted by size.
    f1
        Of the dipoles from the threshold on against the active ones.
    emd_mm
        Earth mover's distance between the map, cut at the threshold of f1, and the truth l.
    sources_said, sources_missed, sources_invented, all_found, source_error_mm
        Peaks from their threshold on, matched with the true centres: how many, true ones without a
        peak, peaks without a true one, whether none is missed, mean distance of the pairs.
    course_correlation
        Absolute correlation of the fitted time course with the true one, mean of the pairs.
    """
    ranked = estimates if coefficients is None else coefficients
    finder, transport = Peaks(positions), Transport(positions)
    rows: list[dict[str, float]] = []
    for s, (_, _, cell) in enumerate(progress("sources", distances.each(), total=len(truth))):
        peaks = finder.of(ranked[s])
        peaks = peaks[ranked[s][peaks] >= thresholds.peaks.of(ranked[s])]
        centres = truth.centres(s)
        pairs, error = match_optimally(positions[peaks], positions[centres])
        row: dict[str, float] = {
            "sources_said": len(peaks),
            "sources_invented": len(peaks) - len(pairs),
        }
        if len(centres):
            row["sources_missed"] = len(centres) - len(pairs)
            row["all_found"] = float(len(centres) == len(pairs))
            if len(pairs):
                row["source_error_mm"] = error.mean()
                if courses is not None:
                    row["course_correlation"] = courses.correlations(s, peaks, pairs).mean()
            active = truth.active(s)
            row["recall_least"] = _least(estimates[s], active, cell[active])
            chosen = estimates[s] >= thresholds.dipoles.of(estimates[s])
            row["f1"] = float(f1(chosen[active].sum(), chosen.sum(), len(active)))
            if emd_windows is None or s < emd_windows:
                (true,) = truth.dense([s])
                row["emd_mm"] = transport.distance_mm(np.where(chosen, ranked[s], 0), true)
        rows.append(row)
    return pd.DataFrame(rows, columns=list(FURTHER_METRICS), dtype=float)


def _least(estimate: np.ndarray, active: np.ndarray, patch: np.ndarray) -> float:
    """Share of each patch among the highest, as many as are active; that of the patch with least.

    Where patches overlap, a dipole is of the patch whose centre is nearer.
    """
    highest, weight = Ranking(estimate).top_weights(len(active))
    counts = np.zeros(len(estimate))
    counts[highest] = weight
    return float(min(counts[active[patch == k]].mean() for k in np.unique(patch)))
