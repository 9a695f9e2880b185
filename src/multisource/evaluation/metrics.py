"""Localisation metrics per window (paper, section II-E; AUC after Grova et al. 2006).

Notation: e the estimate (one value >= 0 per dipole), n the number of truly active dipoles (l > 0),
N the number of dipoles.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from multisource.errors import UserError
from multisource.evaluation import ranking as ranks
from multisource.evaluation.distances import TruthDistances, measured
from multisource.progress import progress
from multisource.simulation.truth import SparseTruth

PAPER_METRICS = (
    "auc_close",
    "auc_far",
    "auc_average",
    "fraction_active",
    "pas_mm",
    "dr_least",
    "dr_1",
    "dr_2",
    "dr_3",
)
NOT_METRICS = ("scenario", "method", "sample", "n_sources", "n_active")
EXTRA_METRICS = ("auc_map", "average_precision", "dle_mm", "spatial_dispersion_mm")
# Those of ``further.evaluate_further``. They stand in tables of their own: the paper's tables
# correct their tests for the number of metrics, which stays what it was.
FURTHER_METRICS = (
    "recall_least",
    "f1",
    "emd_mm",
    "sources_said",
    "sources_missed",
    "sources_invented",
    "all_found",
    "source_error_mm",
    "course_correlation",
)


def evaluate(
    estimates: np.ndarray,
    truth: SparseTruth,
    positions: np.ndarray,
    *,
    close_radius_mm: float = 20.0,
    distances: TruthDistances | None = None,
    coefficients: np.ndarray | None = None,
) -> pd.DataFrame:
    """Compute the metrics of every window.

    Parameters
    ----------
    estimates : ndarray of shape (S, N)
        Maps, 0 or more.
    truth : SparseTruth
        Active dipoles and centres of the S windows.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    close_radius_mm : float
        Border between the close and the far zone round the active dipoles, mm.
    distances : TruthDistances, optional
        Of the same truth and positions, if they have been measured already.
    coefficients : ndarray of shape (S, N), optional
        Expected coefficients l of a method that tells them from P(active), 0 or more. The distance
        ranks are taken in them: l is highest at a centre, while P(active) is near 1 all over a
        patch. By default the ranks are those of ``estimates``.

    Returns
    -------
    pandas.DataFrame
        One row per window: sample, n_sources, n_active and the metrics below. NaN where a metric is
        not defined (no dipole in the zone, fewer patches, an estimate of zeros for the two weighted
        ones); all of them in a window without a source.

    Raises
    ------
    UserError
        For shapes that do not fit, values that are negative or not finite, or a window with active
        dipoles but no centre, or the other way round.

    Notes
    -----
    auc_close, auc_far
        Probability that an active dipole lies above an inactive one within / beyond
        ``close_radius_mm`` of the nearest active dipole (the expectation of Grova's random draws);
        auc_average their mean; auc_map against all inactive dipoles.
    fraction_active
        Share of the n highest estimates that are truly active.
    dr_k
        Rank of centre k from the top, 0 the highest, divided by N, in ``coefficients`` where they
        are given; dr_least the largest. k runs to 3, or to the largest number of patches there is.
    pas_mm
        Mean distance from the peak, weighted by e, over the n highest; single sources only.
    average_precision
        Area under the precision-recall curve (chance n / N).
    dle_mm
        Mean over patches of the distance from the highest dipole of the patch's cell (the dipoles
        nearest to it) to the patch; 0 where it lies inside. With one patch, the distance
        localisation error of Chowdhury et al. 2013.
    spatial_dispersion_mm
        sqrt(sum d^2 e^2 / sum e^2), d the distance to the nearest active dipole (Chowdhury et al.
        2013).

    Ties are counted at their expectation, so that a constant map is chance.
    """
    estimates = np.asarray(estimates)
    _check("estimates", estimates, truth, positions, close_radius_mm)
    ranked = estimates
    if coefficients is not None:
        ranked = np.asarray(coefficients)
        _check("coefficients", ranked, truth, positions, close_radius_mm)
    if distances is not None and (len(distances.row), distances.distance.shape[1]) != (
        len(truth),
        truth.n_dipoles,
    ):
        raise UserError("distances: of other windows or dipoles than the truth; measure them again")
    rows: list[dict[str, float]] = []
    zones: _Zones | None = None
    bar = progress(
        "metrics",
        measured(truth, positions) if distances is None else distances.each(),
        total=len(truth),
        unit="window",
    )
    for sample, (new, distance, cell) in enumerate(bar):
        active, centres = truth.active(sample), truth.centres(sample)
        if not len(active):
            rows.append({"sample": sample, "n_sources": 0, "n_active": 0})
            zones = None
            continue
        if new or zones is None:
            zones = _Zones(active, centres, distance, cell, close_radius_mm)
        row = _window(estimates[sample], ranked[sample], zones, positions)
        rows.append({"sample": sample} | row)
    more = [f"dr_{k + 1}" for k in range(3, truth.centre.shape[1])]
    columns = ["sample", "n_sources", "n_active", *PAPER_METRICS, *more, *EXTRA_METRICS]
    return pd.DataFrame(rows, columns=columns)


def metric_names(frame: pd.DataFrame) -> list[str]:
    """Return the columns of a table of metrics that are metrics of :func:`evaluate`.

    Parameters
    ----------
    frame : pandas.DataFrame
        A table of :func:`evaluate`, or of several with scenario and method and further metrics.

    Returns
    -------
    list of str
        Names in the order of the columns.
    """
    return [name for name in frame if name not in (*NOT_METRICS, *FURTHER_METRICS)]


class _Zones:
    """What the truth of a window says about every dipole."""

    def __init__(
        self,
        active: np.ndarray,
        centres: np.ndarray,
        distance: np.ndarray,
        cell: np.ndarray,
        radius: float,
    ) -> None:
        self.active, self.centres, self.distance = active, centres, distance
        self.square = distance**2
        close = distance <= radius
        close[active] = False
        self.close = np.flatnonzero(close)
        # A dipole is of the cell of the patch whose active dipoles are nearest.
        self.cells = [c for k in range(len(centres)) if len(c := np.flatnonzero(cell == k))]


def _window(
    estimate: np.ndarray, ranked: np.ndarray, zones: _Zones, positions: np.ndarray
) -> dict[str, float]:
    ranking = ranks.Ranking(estimate)
    active = ranking.members(zones.active)
    n, n_close = len(active), len(zones.close)
    n_inactive = len(estimate) - n
    over_all, over_close = active.wins_outside(), active.wins(zones.close)
    auc_close = ranks.auc(over_close, n * n_close)
    auc_far = ranks.auc(over_all - over_close, n * (n_inactive - n_close))
    distance_ranks = [ranks.relative_rank(ranked, centre) for centre in zones.centres]
    row = {
        "n_sources": len(zones.centres),
        "n_active": n,
        "auc_close": auc_close,
        "auc_far": auc_far,
        "auc_average": (auc_close + auc_far) / 2,
        "fraction_active": active.top_fraction(n),
        "dr_least": max(distance_ranks),
        "auc_map": ranks.auc(over_all, n * n_inactive),
        "average_precision": active.average_precision(),
        "dle_mm": np.mean([zones.distance[c[estimate[c].argmax()]] for c in zones.cells]),
    }
    row |= {f"dr_{k + 1}": rank for k, rank in enumerate(distance_ranks)}
    weight = np.asarray(estimate, float)
    power = weight**2
    if power.any():
        row["spatial_dispersion_mm"] = np.sqrt((zones.square @ power) / power.sum())
        if len(zones.centres) == 1:
            row["pas_mm"] = _peak_spread(weight, ranking, n, positions)
    return row


def _peak_spread(
    estimate: np.ndarray, ranking: ranks.Ranking, n: int, positions: np.ndarray
) -> float:
    dipoles, part = ranking.top_weights(n)
    weight = part * estimate[dipoles]
    distance = np.linalg.norm(positions[dipoles] - positions[estimate.argmax()], axis=1)
    return float(weight @ distance / weight.sum())


def _check(
    name: str, estimates: np.ndarray, truth: SparseTruth, positions: np.ndarray, radius: float
) -> None:
    if estimates.ndim != 2 or estimates.shape != (len(truth), truth.n_dipoles):
        raise UserError(
            f"{name}: shape {estimates.shape}; the truth has {len(truth)} windows of "
            f"{truth.n_dipoles} dipoles"
        )
    if np.shape(positions) != (truth.n_dipoles, 3):
        raise UserError(f"positions: shape {np.shape(positions)}; need ({truth.n_dipoles}, 3)")
    if not radius > 0:
        raise UserError(f"close_radius_mm: {radius}; allowed: above 0")
    bad = [s for s in range(len(truth)) if not np.isfinite(estimates[s]).all()]
    if bad:
        raise UserError(f"{name}: window {bad[0]} has values that are not finite")
    if any(estimates[s].min() < 0 for s in range(len(truth))):
        raise UserError(f"{name}: negative values; a map holds magnitudes")
    for s in range(len(truth)):
        if bool(len(truth.active(s))) != bool(len(truth.centres(s))):
            raise UserError(f"truth: window {s} has no active dipole or no centre, but not neither")
