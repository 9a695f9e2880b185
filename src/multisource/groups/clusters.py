"""Where people differ from chance together: a cluster permutation test on the cortex.

Under the null hypothesis each person's difference may as well have the other sign. Dipoles whose t
exceeds a threshold are joined to clusters; the largest cluster of every way to turn the signs is
what chance makes, so that the error rate holds for the whole cortex at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import sparse
from scipy.stats import t as student

THRESHOLD_P = 0.01  # two-sided, of a dipole that may belong to a cluster
SURE_P = 0.05  # of a cluster that is told of
PERMUTATIONS = 2000  # or all ways to turn the signs, where they are fewer
# Dipoles where a network says zero to almost everybody have no variance, so that any difference
# would be infinitely significant: a thousandth of the largest variance is added to all.
_SIGMA = 1e-3


@dataclass(frozen=True)
class Clusters:
    """What a test over people finds.

    Attributes
    ----------
    mean : ndarray of shape (N,)
        Mean difference.
    t : ndarray of shape (N,)
        Of each dipole; zero where there is no cortex.
    members : list of ndarray of int
        Dipoles of each cluster, the most significant first.
    p : ndarray of shape (K,)
        Of each cluster, for the whole cortex.
    least_p : float
        The least that so many people allow.
    """

    mean: np.ndarray
    t: np.ndarray
    members: list[np.ndarray]
    p: np.ndarray
    least_p: float

    @property
    def sure(self) -> np.ndarray:
        """The t of dipoles in clusters below .05, zero elsewhere: (N,)."""
        shown = np.zeros_like(self.t)
        for members, p in zip(self.members, self.p, strict=True):
            if p < SURE_P:
                shown[members] = self.t[members]
        return shown


def find_clusters(
    differences: np.ndarray,
    adjacency: sparse.coo_array,
    cortex: np.ndarray,
    *,
    seed: int,
    permutations: int = PERMUTATIONS,
) -> Clusters:
    """Test a difference over people by MNE's cluster permutation test.

    Parameters
    ----------
    differences : ndarray of shape (S, N)
        Of each of S people, at N dipoles.
    adjacency : sparse array of shape (N, N)
        Which dipoles are neighbours, of ``mne.spatial_src_adjacency``.
    cortex : ndarray of bool, shape (N,)
        Where there is cortex; the rest takes no part.
    seed : int
        Seed of the random signs.
    permutations : int
        How many; all that there are if they are fewer.

    Returns
    -------
    Clusters
        The two-sided test.
    """
    import mne

    count = len(differences)
    statistic = partial(mne.stats.ttest_1samp_no_p, sigma=_SIGMA)
    values = np.ascontiguousarray(differences, float)
    observed, members, p, _ = mne.stats.permutation_cluster_1samp_test(
        values[:, cortex],
        threshold=float(student.ppf(1 - THRESHOLD_P / 2, count - 1)),
        n_permutations=permutations,
        adjacency=sparse.coo_array(sparse.csr_array(adjacency)[cortex][:, cortex]),
        stat_fun=statistic,
        tail=0,
        out_type="indices",
        rng=np.random.default_rng(seed),
        verbose="error",
    )
    place = np.flatnonzero(cortex)
    t = np.zeros(len(cortex))
    t[place] = np.nan_to_num(observed)
    order = np.argsort(p, kind="stable")
    every = 2 ** (count - 1)
    return Clusters(
        mean=values.mean(axis=0),
        t=t,
        members=[place[np.asarray(members[k][0])] for k in order],
        p=np.asarray(p, float)[order],
        least_p=1 / min(every, permutations),
    )
