"""The evidence of a window: the probability of the data under the model, by stepping stones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import logsumexp


def log_evidence(
    betas: np.ndarray, heat: Sequence[np.ndarray], from_prior: np.ndarray
) -> tuple[float, float]:
    """Estimate the logarithm of the evidence.

    Parameters
    ----------
    betas : ndarray of shape (B,)
        Exponents of the likelihood, falling from 1.
    heat : sequence of ndarray of shape (D, B)
        Log likelihoods of independent chains at each exponent.
    from_prior : ndarray of shape (Q,)
        Log likelihoods of draws from the prior.

    Returns
    -------
    value : float
        Natural logarithm of the evidence.
    error : float
        Its standard error, from the samples' quarters; NaN where there are too few.

    References
    ----------
    Xie et al. 2011.
    """
    joined = np.concatenate(heat)
    parts = np.array_split(np.arange(len(joined)), 4)
    draws = np.array_split(np.arange(len(from_prior)), 4)
    quarters = [
        _stones(betas, joined[rows], from_prior[some])
        for rows, some in zip(parts, draws, strict=True)
        if len(rows) and len(some)
    ]
    error = np.std(quarters, ddof=1) / np.sqrt(len(quarters)) if len(quarters) == 4 else np.nan
    return _stones(betas, joined, from_prior), float(error)


def _stones(betas: np.ndarray, heat: np.ndarray, from_prior: np.ndarray) -> float:
    """Sum of log E[L^(difference of exponents)], each under the hotter of two neighbours."""
    total = logsumexp(betas[-1] * from_prior) - np.log(len(from_prior))
    for t in range(len(betas) - 1):
        step = betas[t] - betas[t + 1]
        total += logsumexp(step * heat[:, t + 1]) - np.log(len(heat))
    return float(total)
