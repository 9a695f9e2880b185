"""A point of a curve: the same metrics as everywhere, on windows of its own."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from multisource.curves.methods import Method
from multisource.evaluation.distances import TruthDistances
from multisource.evaluation.further import evaluate_further
from multisource.evaluation.metrics import evaluate
from multisource.evaluation.summary import middle_interval
from multisource.evaluation.thresholds import Thresholds
from multisource.simulation.truth import SparseTruth

# What a curve's figure and table show, and whether of its windows the median or the mean.
SHOWN = {
    "fraction_active": "median",
    "emd_mm": "median",
    "all_found": "mean",
    "sources_invented": "mean",
}


def measure_point(
    windows: xr.Dataset,
    methods: Mapping[str, Method],
    thresholds: Mapping[str, Thresholds],
    positions: np.ndarray,
    *,
    close_radius_mm: float = 20.0,
    emd_windows: int | None = None,
) -> pd.DataFrame:
    """Compute the metrics of every method on the windows of a point.

    Parameters
    ----------
    windows : xarray.Dataset
        Samples as ``simulation.samples.simulate_samples`` makes them.
    methods : mapping of str to callable
        The methods by name.
    thresholds : mapping of str to Thresholds
        Of each method, chosen on the validation split.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    close_radius_mm : float
        As for ``metrics.evaluate``.
    emd_windows : int, optional
        As for ``further.evaluate_further``.

    Returns
    -------
    pandas.DataFrame
        One row per method and window.
    """
    truth = SparseTruth.from_dataset(windows)
    distances = TruthDistances.of(truth, positions)
    eeg, channels = windows["eeg"].values, [str(name) for name in windows["channel"].values]
    frames = []
    for name, method in methods.items():
        maps, coefficients = method(eeg, channels, float(windows.attrs["sfreq"]))
        part, measured = truth.first(len(maps)), distances.first(len(maps))
        metrics = evaluate(
            maps,
            part,
            positions,
            close_radius_mm=close_radius_mm,
            distances=measured,
            coefficients=coefficients,
        )
        further = evaluate_further(
            maps,
            part,
            positions,
            measured,
            thresholds[name],
            coefficients=coefficients,
            emd_windows=emd_windows,
        )
        frames.append(pd.concat([metrics, further], axis=1).assign(method=name))
    return pd.concat(frames, ignore_index=True)


def curve_table(
    points: Mapping[float | str | None, pd.DataFrame], confidence: float
) -> pd.DataFrame:
    """Summarise the points of a curve.

    Parameters
    ----------
    points : mapping of float, str or None to pandas.DataFrame
        Value to the metrics of its windows.
    confidence : float
        Of the intervals, 0 to 1.

    Returns
    -------
    pandas.DataFrame
        One row per value, method and metric of ``SHOWN``: value (NaN for none), method, metric,
        statistic, middle, low, high, n. The median's interval is its bootstrap's, the mean's that
        of its standard error.
    """
    rows = []
    for value, metrics in points.items():
        for method, part in metrics.groupby("method", sort=False):
            for metric, statistic in SHOWN.items():
                known = part[metric].dropna().to_numpy(float)
                middle, low, high = middle_interval(known, statistic, confidence)
                rows.append(
                    {
                        "value": np.nan if value is None else value,
                        "method": method,
                        "metric": metric,
                        "statistic": statistic,
                        "middle": middle,
                        "low": low,
                        "high": high,
                        "n": len(known),
                    }
                )
    return pd.DataFrame(rows)
