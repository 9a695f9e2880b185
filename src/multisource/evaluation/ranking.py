"""Metrics that depend on the order of an estimate alone, ties at their expectation.

Dipoles with equal estimates share a tie group; every metric takes the mean over all orders of a
group. A constant map then scores as chance, and a sparse map gains nothing from its zeros.
"""

from __future__ import annotations

import numpy as np


class Ranking:
    """An estimate in descending order, with its groups of ties.

    Parameters
    ----------
    estimate : ndarray of shape (N,)
        A map.

    Attributes
    ----------
    order : ndarray of shape (N,)
        Dipoles from the highest estimate down.
    ends : ndarray of shape (G,)
        Last position of each group.
    """

    def __init__(self, estimate: np.ndarray) -> None:
        self.order = np.argsort(-estimate)
        ordered = estimate[self.order]
        self.ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)

    def cumulative(self, member: np.ndarray) -> np.ndarray:
        """Count the members of a set of dipoles down to the end of each group.

        Parameters
        ----------
        member : ndarray of bool of shape (N,)
            True for the dipoles of the set.

        Returns
        -------
        ndarray of shape (G,)
            Counts.
        """
        return np.cumsum(member[self.order], dtype=np.int64)[self.ends]


def auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Return the probability that a positive lies above a negative, ties counted half.

    Parameters
    ----------
    positive : ndarray of shape (G,)
        Cumulative counts of :meth:`Ranking.cumulative`.
    negative : ndarray of shape (G,)
        The same of the negatives.

    Returns
    -------
    float
        0 to 1; NaN if there is no positive or no negative.
    """
    if not positive[-1] or not negative[-1]:
        return float("nan")
    gain = _steps(positive)
    # Only groups that hold a positive count. All terms are halves of whole numbers, so that the
    # sum is exact, in whatever order and with or without its zeros.
    groups = np.flatnonzero(gain)
    until = negative[groups]
    above = np.where(groups > 0, negative[groups - 1], 0)
    below = negative[-1] - until + 0.5 * (until - above)
    return float(gain[groups] @ below / (positive[-1] * negative[-1]))


def _steps(cumulative: np.ndarray) -> np.ndarray:
    """Return the counts (G,) of the groups themselves; np.diff with a prefix takes ten times it."""
    steps = cumulative.copy()
    steps[1:] -= cumulative[:-1]
    return steps


def top_fraction(positive: np.ndarray, ends: np.ndarray, n: int) -> float:
    """Return the share of positives among the n highest.

    Parameters
    ----------
    positive : ndarray of shape (G,)
        Cumulative counts of :meth:`Ranking.cumulative`.
    ends : ndarray of shape (G,)
        Of the :class:`Ranking`.
    n : int
        How many count; the group across the border counts in proportion.

    Returns
    -------
    float
        0 to 1.
    """
    group = int(np.searchsorted(ends, n - 1))
    before = positive[group - 1] if group else 0
    first = ends[group - 1] + 1 if group else 0
    size = ends[group] + 1 - first
    return float((before + (positive[group] - before) * (n - first) / size) / n)


def top_weights(ranking: Ranking, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the n highest dipoles and how much each counts.

    Parameters
    ----------
    ranking : Ranking
        An estimate in order.
    n : int
        How many count.

    Returns
    -------
    dipoles : ndarray of int
        The n highest and those equal to the last of them.
    weight : ndarray
        The part of each that counts: 1, less for ties at the border.
    """
    group = int(np.searchsorted(ranking.ends, n - 1))
    first = ranking.ends[group - 1] + 1 if group else 0
    last = ranking.ends[group] + 1
    weight = np.ones(last)
    weight[first:] = (n - first) / (last - first)
    return ranking.order[:last], weight


def average_precision(positive: np.ndarray, ends: np.ndarray) -> float:
    """Return the step integral of the precision-recall curve over the distinct thresholds.

    Parameters
    ----------
    positive : ndarray of shape (G,)
        Cumulative counts of :meth:`Ranking.cumulative`.
    ends : ndarray of shape (G,)
        Of the :class:`Ranking`.

    Returns
    -------
    float
        0 to 1.
    """
    gain = _steps(positive)
    return float((gain * positive / (ends + 1)).sum() / positive[-1])


def relative_rank(estimate: np.ndarray, dipole: int) -> float:
    """Return the rank of a dipole from the top, divided by N.

    Parameters
    ----------
    estimate : ndarray of shape (N,)
        A map.
    dipole : int
        The dipole.

    Returns
    -------
    float
        0 for the highest; mid-rank among equals.
    """
    value = estimate[dipole]
    above = np.count_nonzero(estimate > value)
    equal = np.count_nonzero(estimate == value)
    return (above + (equal - 1) / 2) / len(estimate)
