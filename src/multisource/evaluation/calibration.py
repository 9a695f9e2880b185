"""Is a dipole that a method calls active with probability p active in a share p of all cases?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from multisource.errors import UserError
from multisource.evaluation.estimates import read_estimates, tells_probability
from multisource.simulation.chunks import read_truth
from multisource.simulation.truth import SparseTruth

BINS = 10  # of equal width, of the said probability
COLUMNS = ("scenario", "method", "windows", "from", "to", "dipoles", "said", "active", "error")


def reliability(probabilities: np.ndarray, truth: SparseTruth, *, bins: int = BINS) -> pd.DataFrame:
    """Compare said probabilities with how often they come true.

    Parameters
    ----------
    probabilities : ndarray of shape (S, N)
        P(active) of every dipole and window, 0..1.
    truth : SparseTruth
        Active dipoles of the S windows.
    bins : int, optional
        Bins of equal width; a value on a border belongs to the bin above.

    Returns
    -------
    pandas.DataFrame
        One row per bin: from, to (its borders), dipoles (how many fell into it, over all windows),
        said (their mean probability), active (the share of them that is truly active). The last two
        are NaN in an empty bin.

    Raises
    ------
    UserError
        For shapes that do not fit, or values outside 0..1.
    """
    probabilities = np.asarray(probabilities)
    if probabilities.shape != (len(truth), truth.n_dipoles):
        raise UserError(
            f"estimates: shape {probabilities.shape}; the truth has {len(truth)} windows of "
            f"{truth.n_dipoles} dipoles"
        )
    dipoles = np.zeros(bins, int)
    active = np.zeros(bins, int)
    said = np.zeros(bins)
    # A window at a time: a set of 1000 windows has 8 million values.
    for window, values in enumerate(probabilities):
        if not (values.min() >= 0 and values.max() <= 1):
            raise UserError(f"estimates: window {window} has values outside 0..1: no probabilities")
        place = np.minimum((values * bins).astype(int), bins - 1)
        dipoles += np.bincount(place, minlength=bins)
        said += np.bincount(place, values, minlength=bins)
        active += np.bincount(place[truth.active(window)], minlength=bins)
    filled = np.where(dipoles, dipoles, np.nan)
    borders = np.arange(bins + 1) / bins
    return pd.DataFrame(
        {
            "from": borders[:-1],
            "to": borders[1:],
            "dipoles": dipoles,
            "said": said / filled,
            "active": active / filled,
        }
    )


def expected_calibration_error(table: pd.DataFrame) -> float:
    """Return how far said probabilities are from the true shares, in the mean over dipoles.

    Parameters
    ----------
    table : pandas.DataFrame
        Bins of :func:`reliability`, or some of them.

    Returns
    -------
    float
        The mean of \\|said - active\\| over bins, weighted by their dipoles; NaN without any.
    """
    filled = table[table["dipoles"] > 0]
    if filled.empty:
        return float("nan")
    gap = (filled["said"] - filled["active"]).abs()
    return float((gap * filled["dipoles"]).sum() / filled["dipoles"].sum())


def calibration_table(
    estimates: Mapping[str, Sequence[str | Path]], chunks: Mapping[str, Sequence[str | Path]]
) -> pd.DataFrame:
    """Measure the reliability of every method that tells P(active), on every scenario.

    Parameters
    ----------
    estimates : mapping of str to sequence of path
        Scenario to the estimates files of its methods, each named after its method. Those of
        methods without probabilities are passed over.
    chunks : mapping of str to sequence of path
        Scenario to the files of its windows. A method may have estimates of the first ones only.

    Returns
    -------
    pandas.DataFrame
        The rows of :func:`reliability` with scenario, method, windows (their number), and error,
        the expected calibration error of all bins of this scenario and method.
    """
    parts = []
    for scenario, paths in estimates.items():
        telling = [path for path in map(Path, paths) if tells_probability(path)]
        if not telling:
            continue
        truth = read_truth(chunks[scenario])
        for path in telling:
            maps = read_estimates(path)
            part = reliability(maps, truth.first(len(maps)))
            part = part.assign(
                scenario=scenario,
                method=path.stem,
                windows=len(maps),
                error=expected_calibration_error(part),
            )
            parts.append(part)
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return table[list(COLUMNS)]
