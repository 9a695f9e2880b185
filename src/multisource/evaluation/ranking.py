"""Metrics that depend on the order of an estimate alone, ties at their expectation.

Dipoles with equal estimates share a tie group; every metric takes the mean over all orders of a
group. A constant map then scores as chance, and a sparse map gains nothing from its zeros.

Only values are sorted, never their indices: numpy does that with vector instructions, ten times as
fast as ``argsort``. Where the few dipoles of a set stand in the order is then looked up.
"""

from __future__ import annotations

import numpy as np


class Ranking:
    """An estimate in descending order.

    Parameters
    ----------
    estimate : ndarray of shape (N,)
        A map.

    Attributes
    ----------
    negative : ndarray of shape (N,)
        Minus the estimate, so that the highest comes first in an ascending order.
    ordered : ndarray of shape (N,)
        The same in ascending order.
    """

    def __init__(self, estimate: np.ndarray) -> None:
        self.negative = -estimate
        self.ordered = np.sort(self.negative)

    def members(self, dipoles: np.ndarray) -> Members:
        """Look up where a set of dipoles stands.

        Parameters
        ----------
        dipoles : ndarray of int of shape (P,)
            The set.

        Returns
        -------
        Members
            Their places in the order.
        """
        return Members(self, np.sort(self.negative[dipoles]))

    def group(self, n: int) -> tuple[int, int]:
        """Return the tie group of the n-th highest dipole.

        Parameters
        ----------
        n : int
            1 for the highest.

        Returns
        -------
        first : int
            Number of dipoles above the group.
        last : int
            The same with the group.
        """
        value = self.ordered[n - 1]
        first, last = (self.ordered.searchsorted(value, side) for side in ("left", "right"))
        return int(first), int(last)

    def top_weights(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the n highest dipoles and how much each counts.

        Parameters
        ----------
        n : int
            How many count.

        Returns
        -------
        dipoles : ndarray of int
            The n highest and those equal to the last of them, from the highest down.
        weight : ndarray
            The part of each that counts: 1, less for ties at the border.
        """
        first, last = self.group(n)
        highest = np.flatnonzero(self.negative <= self.ordered[n - 1])
        highest = highest[np.argsort(self.negative[highest], kind="stable")]
        weight = np.ones(last)
        weight[first:] = (n - first) / (last - first)
        return highest, weight


class Members:
    """A set of dipoles in the order of an estimate, such as the active ones.

    Parameters
    ----------
    ranking : Ranking
        The estimate in order.
    ordered : ndarray of shape (P,)
        The set's part of ``ranking.ordered``.

    Attributes
    ----------
    above : ndarray of shape (P,)
        Number of dipoles whose estimate is higher, for each of the set from the highest down.
    until : ndarray of shape (P,)
        The same with the dipoles that are equal, itself among them.
    """

    def __init__(self, ranking: Ranking, ordered: np.ndarray) -> None:
        self.ranking, self.ordered = ranking, ordered
        self.above = ranking.ordered.searchsorted(ordered, "left")
        self.until = ranking.ordered.searchsorted(ordered, "right")

    def __len__(self) -> int:
        return len(self.ordered)

    def wins(self, others: np.ndarray) -> float:
        """Count the pairs of a dipole of the set and another that is lower; equal ones half.

        Parameters
        ----------
        others : ndarray of int
            The other dipoles.

        Returns
        -------
        float
            A multiple of 1/2, exact.
        """
        lower = np.sort(self.ranking.negative[others])
        not_below = lower.searchsorted(self.ordered, "left") + lower.searchsorted(
            self.ordered, "right"
        )
        return len(self) * len(others) - float(not_below.sum()) / 2

    def wins_outside(self) -> float:
        """Count the pairs of :meth:`wins` against all dipoles that are not of the set.

        Returns
        -------
        float
            A multiple of 1/2, exact.
        """
        among_all = (
            len(self) * len(self.ranking.ordered) - float((self.above + self.until).sum()) / 2
        )
        # Of two dipoles of the set one wins, and each is half a win against itself.
        return among_all - len(self) ** 2 / 2

    def top_fraction(self, n: int) -> float:
        """Return the share of the set among the n highest.

        Parameters
        ----------
        n : int
            How many count; the group across the border counts in proportion.

        Returns
        -------
        float
            0 to 1.
        """
        first, last = self.ranking.group(n)
        before = int(self.until.searchsorted(first, "right"))
        inside = int(self.until.searchsorted(last, "right")) - before
        return (before + inside * (n - first) / (last - first)) / n

    def average_precision(self) -> float:
        """Return the step integral of the precision-recall curve over the distinct thresholds.

        Returns
        -------
        float
            0 to 1.
        """
        whole = self.ranking.ordered
        ends = np.append(np.flatnonzero(whole[1:] != whole[:-1]) + 1, len(whole))
        last = np.append(np.flatnonzero(self.until[1:] != self.until[:-1]), len(self) - 1)
        found = last + 1
        gain = np.diff(found, prepend=0)
        step = np.zeros(len(ends))
        step[ends.searchsorted(self.until[last])] = gain * found / self.until[last]
        return float(step.sum() / len(self))


def auc(wins: float, pairs: int) -> float:
    """Return the probability that a positive lies above a negative, ties counted half.

    Parameters
    ----------
    wins : float
        Pairs in which it does.
    pairs : int
        All pairs.

    Returns
    -------
    float
        0 to 1; NaN if there is no pair.
    """
    return wins / pairs if pairs else float("nan")


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
