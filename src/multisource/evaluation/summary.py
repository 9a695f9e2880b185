"""Medians with bootstrap intervals, and paired tests of the methods against one of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import binom, binomtest, norm, rankdata, wilcoxon
from statsmodels.stats.multitest import multipletests

from multisource.errors import UserError
from multisource.evaluation.metrics import metric_names


def median_interval(values: np.ndarray, confidence: float = 0.95) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the median, without the draws.

    Parameters
    ----------
    values : ndarray
        Values; those that are NaN are left out.
    confidence : float
        Of the interval, 0 to 1.

    Returns
    -------
    low : float
        Lower end; NaN where there are no values.
    high : float
        Upper end; NaN where there are no values.

    Notes
    -----
    The median of a resample is at most the k-th smallest value with a binomial probability (Efron
    1979), so that the bootstrap's percentiles are order statistics of the values, free of Monte
    Carlo error. An even number of values has two middle ones: the lower end takes the lower, the
    upper end the upper.
    """
    values = np.sort(np.asarray(values, float)[~np.isnan(values)])
    n = len(values)
    if n == 0:
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    share = np.arange(1, n + 1) / n
    # At least m of n draws among the k smallest: the m-th smallest of the resample is one of them.
    lower = binom.sf((n + 1) // 2 - 1, n, share)
    upper = binom.sf(n // 2, n, share)
    return (
        float(values[int(np.searchsorted(lower, tail))]),
        float(values[min(int(np.searchsorted(upper, 1 - tail)), n - 1)]),
    )


def middle_interval(
    values: np.ndarray, statistic: str, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Return the median or the mean of values, with its interval.

    Parameters
    ----------
    values : ndarray
        Values; those that are NaN are left out.
    statistic : str
        ``median``, whose interval is that of :func:`median_interval`, or ``mean``, whose interval
        is that of its standard error, or Wilson's where all values are 0 or 1. None reaches below 0
        where no value does.
    confidence : float
        Of the interval, 0 to 1.

    Returns
    -------
    middle, low, high : float
        NaN where there are no values.
    """
    values = np.asarray(values, float)[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    if statistic == "median":
        return float(np.median(values)), *median_interval(values, confidence)
    mean = float(values.mean())
    if np.isin(values, (0, 1)).all():
        share = binomtest(int(values.sum()), len(values))
        interval = share.proportion_ci(confidence, method="wilson")
        return mean, float(interval.low), float(interval.high)
    half = float(norm.ppf(0.5 + confidence / 2) * values.std() / np.sqrt(len(values)))
    low = mean - half
    return mean, max(low, 0.0) if values.min() >= 0 else low, mean + half


def summarise(metrics: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Return the median and interval of each metric.

    Parameters
    ----------
    metrics : pandas.DataFrame
        One row per window with columns scenario, method and the metrics.
    confidence : float
        Of the intervals, 0 to 1.

    Returns
    -------
    pandas.DataFrame
        Columns scenario, method, metric, median, low, high, confidence (of the interval), n. n
        counts the windows in which the metric is defined (DR_2 where there are two patches).
        Metrics that are nowhere defined are left out.
    """
    rows = []
    names = metric_names(metrics)
    for (scenario, method), part in metrics.groupby(["scenario", "method"], sort=False):
        for name in names:
            values = part[name].dropna().to_numpy(float)
            if len(values):
                low, high = median_interval(values, confidence)
                row = (np.median(values), low, high, confidence, len(values))
                rows.append((scenario, method, name, *row))
    columns = ["scenario", "method", "metric", "median", "low", "high", "confidence", "n"]
    return pd.DataFrame(rows, columns=columns)


def rank_biserial(difference: np.ndarray) -> float:
    """Return the matched-pairs rank-biserial correlation of differences.

    Parameters
    ----------
    difference : ndarray
        Paired differences.

    Returns
    -------
    float
        The sum of ranks in favour less the sum against, over their total (Kerby 2014), in [-1, 1];
        0 if all are zero.
    """
    difference = difference[difference != 0]
    if not len(difference):
        return 0.0
    rank = rankdata(np.abs(difference))
    return float((rank * np.sign(difference)).sum() / rank.sum())


def compare(metrics: pd.DataFrame, reference: str = "convnet") -> pd.DataFrame:
    """Test every method against the reference: paired Wilcoxon signed-rank tests over the windows.

    Where a method has some of the other's windows only, those are compared.

    Parameters
    ----------
    metrics : pandas.DataFrame
        One row per window with columns scenario, method, sample and the metrics.
    reference : str
        The method that the others are compared with.

    Returns
    -------
    pandas.DataFrame
        Columns scenario, method, metric, reference, median_difference (method less reference),
        effect (matched-pairs rank-biserial correlation), p, p_holm (Holm's correction over all
        methods and metrics of a scenario).

    Raises
    ------
    UserError
        If a scenario lacks the reference or its windows.
    """
    names = metric_names(metrics)
    rows = []
    for scenario, part in metrics.groupby("scenario", sort=False):
        frames = {m: f.set_index("sample")[names] for m, f in part.groupby("method", sort=False)}
        if reference not in frames:
            raise UserError(
                f"scenario {scenario}: no method {reference!r} to compare with; "
                f"there are {', '.join(frames)}"
            )
        base = frames.pop(reference)
        found = []
        for method, frame in frames.items():
            # A method that takes long may have the first windows only.
            shared = base.index.intersection(frame.index)
            if not len(shared) or len(shared) < min(len(base), len(frame)):
                raise UserError(f"scenario {scenario}: {method} has other windows than {reference}")
            for name, column in (frame.loc[shared] - base.loc[shared]).items():
                difference = column.dropna().to_numpy(float)
                if not len(difference):
                    continue
                p = wilcoxon(difference, method="approx").pvalue if difference.any() else 1.0
                effect = rank_biserial(difference)
                middle = np.median(difference)
                found.append((scenario, method, name, reference, middle, effect, p))
        if found:
            corrected = multipletests([row[-1] for row in found], method="holm")[1]
            rows += [(*row, q) for row, q in zip(found, corrected, strict=True)]
    keys = ["scenario", "method", "metric", "reference"]
    return pd.DataFrame(rows, columns=[*keys, "median_difference", "effect", "p", "p_holm"])
