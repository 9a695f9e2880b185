"""How probable it is that a window shows more than chance does."""

from __future__ import annotations

import numpy as np

from multisource.certainty.logistic import fit_logistic


def beyond_chance(shown: np.ndarray, by_chance: np.ndarray) -> np.ndarray:
    """Compare what windows show with what windows show in which there is nothing.

    Parameters
    ----------
    shown : ndarray of shape (S,)
        The greatest probability of each window's map.
    by_chance : ndarray of shape (C,)
        The same of windows made by chance.

    Returns
    -------
    ndarray of shape (S,)
        One minus the local false discovery rate (Efron 2004, doi:10.1198/016214504000000089): the
        share of windows with such a value that chance does not account for, were all of them made
        by it; 0 where it makes as many. The ratio of the two densities is taken from a logistic
        line, and never falls with the value.
    """
    both = np.concatenate([shown, by_chance])
    line = fit_logistic(both, np.arange(len(both)) < len(shown))
    if line is None or line.slope <= 0:
        return np.zeros(len(shown))
    probability = line(shown)
    odds = probability / np.maximum(1 - probability, 1e-12)
    ratio = odds * len(by_chance) / len(shown)
    return np.asarray(np.clip(1 - 1 / np.maximum(ratio, 1e-12), 0.0, 1.0))
