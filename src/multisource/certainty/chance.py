"""How probable it is that a window shows more than chance does."""

from __future__ import annotations

import numpy as np
from scipy.optimize import isotonic_regression

from multisource.certainty.logistic import fit_logistic

RARE = 0.95  # share of chance below which few windows cannot stand out


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
        by it; 0 where it makes as many. It never falls with the value.

    Notes
    -----
    The ratio of the two densities is a logistic line in the log odds. It bends to the bulk of the
    windows, so that a few that stand out, such as those of an epileptic spike, would be missed:
    above what 95 % of chance shows, the most likely ratio that never falls (isotonic regression)
    counts where it is larger. One more window of chance is reckoned above all others there: of S
    windows the k highest are believed by 1 - S / (k (C + 1)) at most.
    """
    smooth = _evidence(_line(shown, by_chance) * len(by_chance) / len(shown))
    rare = shown > np.quantile(by_chance, RARE)
    return np.where(rare, np.maximum(smooth, _evidence(_steps(shown, by_chance))), smooth)


def _evidence(ratio: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(1 - 1 / np.maximum(ratio, 1e-12), 0.0, 1.0))


def _line(shown: np.ndarray, by_chance: np.ndarray) -> np.ndarray:
    """Odds (S,) that a value is a window's own, not chance's, by a logistic line."""
    both = np.concatenate([shown, by_chance])
    line = fit_logistic(both, np.arange(len(both)) < len(shown))
    if line is None or line.slope <= 0:
        return np.zeros(len(shown))
    return _odds(line(shown))


def _steps(shown: np.ndarray, by_chance: np.ndarray) -> np.ndarray:
    """Ratio (S,) of the two densities by steps that never fall."""
    values = np.concatenate([shown, by_chance, [np.inf]])
    own = np.arange(len(values)) < len(shown)
    weights = np.where(own, 1 / len(shown), 1 / (len(by_chance) + 1))
    # Of equal values the own come first: they are not above chance.
    order = np.lexsort([~own, values])
    share = np.empty(len(values))
    share[order] = isotonic_regression(own[order].astype(float), weights=weights[order]).x
    return _odds(share[: len(shown)])


def _odds(probability: np.ndarray) -> np.ndarray:
    return np.asarray(probability / np.maximum(1 - probability, 1e-12))
