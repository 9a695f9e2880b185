"""Metrics that depend on the order of an estimate alone, ties at their expectation.

Dipoles with equal estimates share a tie group; every metric takes the mean over all orders of a
group. A constant map then scores as chance, and a sparse map gains nothing from its zeros.
"""

from __future__ import annotations

import numpy as np


class Ranking:
    """An estimate in descending order, with its groups of ties.

    order: (N,) dipoles from the highest estimate down; ends: (G,) last position of each group.
    """

    def __init__(self, estimate: np.ndarray):
        self.order = np.argsort(-estimate)
        ordered = estimate[self.order]
        self.ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)

    def cumulative(self, member: np.ndarray) -> np.ndarray:
        """(G,) members of a boolean mask (N,) down to the end of each group."""
        return np.cumsum(member[self.order], dtype=np.int64)[self.ends]


def auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Probability that a positive lies above a negative, ties counted half; NaN if one is empty.

    positive, negative: (G,) cumulative counts of ``Ranking.cumulative``.
    """
    if not positive[-1] or not negative[-1]:
        return float("nan")
    gain = np.diff(positive, prepend=0)
    below = negative[-1] - negative + 0.5 * np.diff(negative, prepend=0)
    return float(gain @ below / (positive[-1] * negative[-1]))


def top_fraction(positive: np.ndarray, ends: np.ndarray, n: int) -> float:
    """Share of positives among the n highest; the group across the border counts in proportion."""
    group = int(np.searchsorted(ends, n - 1))
    before = positive[group - 1] if group else 0
    first = ends[group - 1] + 1 if group else 0
    size = ends[group] + 1 - first
    return float((before + (positive[group] - before) * (n - first) / size) / n)


def top_weights(ranking: Ranking, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Dipoles of the n highest and the part of each that counts: 1, less for ties at the border."""
    group = int(np.searchsorted(ranking.ends, n - 1))
    first = ranking.ends[group - 1] + 1 if group else 0
    last = ranking.ends[group] + 1
    weight = np.ones(last)
    weight[first:] = (n - first) / (last - first)
    return ranking.order[:last], weight


def average_precision(positive: np.ndarray, ends: np.ndarray) -> float:
    """Step integral of the precision-recall curve over the distinct thresholds."""
    gain = np.diff(positive, prepend=0)
    return float((gain * positive / (ends + 1)).sum() / positive[-1])


def relative_rank(estimate: np.ndarray, dipole: int) -> float:
    """Rank from the top (0 the highest, mid-rank among equals) divided by N."""
    value = estimate[dipole]
    above = np.count_nonzero(estimate > value)
    equal = np.count_nonzero(estimate == value)
    return (above + (equal - 1) / 2) / len(estimate)
