"""Is anything there: windows with a source against windows without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from multisource.evaluation.estimates import read_estimates
from multisource.evaluation.sources import read_said
from multisource.simulation.chunks import read_eeg, read_extents

LEAST_EXTENT_MM = 30.0  # of the sources that are to be detected
FALSE_ALARMS = 0.05
EEG_RMS = "eeg_rms"  # the row that needs no method: the power of the EEG itself
COLUMNS = (
    "nothing",
    "something",
    "method",
    "judged_by",
    "windows_nothing",
    "windows_something",
    "detected",
    "auc",
    "false_alarms",
    "missed",
)


def detection(nothing: np.ndarray, something: np.ndarray) -> tuple[float, float]:
    """Compare a number that says whether anything is there.

    Parameters
    ----------
    nothing : ndarray of shape (n,)
        Of windows without a source.
    something : ndarray of shape (m,)
        Of windows with one.

    Returns
    -------
    detected : float
        Share of the windows with a source whose number is larger than that of all but
        ``FALSE_ALARMS`` of those without.
    auc : float
        Probability that a window with a source has the larger number, equal ones counting half.
    """
    threshold = np.quantile(nothing, 1 - FALSE_ALARMS)
    larger = (something[:, None] > nothing).mean()
    equal = (something[:, None] == nothing).mean()
    return float((something > threshold).mean()), float(larger + 0.5 * equal)


def detection_table(
    estimates: Mapping[str, Sequence[str | Path]],
    chunks: Mapping[str, Sequence[str | Path]],
    *,
    silent: Sequence[str],
) -> pd.DataFrame:
    """Compare every scenario without sources with the windows of one source of all others.

    Parameters
    ----------
    estimates : mapping of str to sequence of path
        Scenario to the estimates files of its methods, each named after its method.
    chunks : mapping of str to sequence of path
        Scenario to the files of its windows. A method may have estimates of the first ones only.
    silent : sequence of str
        The scenarios without any source.

    Returns
    -------
    pandas.DataFrame
        One row per silent scenario, other scenario and method: how the method is judged (by its
        presence, or the largest value of its map), windows with one source of
        ``LEAST_EXTENT_MM`` and more, the two numbers of :func:`detection`, and of methods that tell
        presence the share of false alarms and of missed sources at a presence of one half.
    """
    numbers = {scenario: _numbers(paths, chunks[scenario]) for scenario, paths in estimates.items()}
    rows = []
    for nothing in silent:
        for something in (name for name in estimates if name not in silent):
            extents = read_extents(chunks[something])
            one = ((extents > 0).sum(axis=1) == 1) & (extents.max(axis=1) >= LEAST_EXTENT_MM)
            for method, (judged_by, absent) in numbers[nothing].items():
                _, present = numbers[something][method]
                present = present[one[: len(present)]]
                if not len(present):
                    continue
                detected, auc = detection(absent, present)
                told = judged_by == "presence"
                rows.append(
                    {
                        "nothing": nothing,
                        "something": something,
                        "method": method,
                        "judged_by": judged_by,
                        "windows_nothing": len(absent),
                        "windows_something": len(present),
                        "detected": detected,
                        "auc": auc,
                        "false_alarms": (absent >= 0.5).mean() if told else np.nan,
                        "missed": (present < 0.5).mean() if told else np.nan,
                    }
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _numbers(
    paths: Sequence[str | Path], chunks: Sequence[str | Path]
) -> dict[str, tuple[str, np.ndarray]]:
    """For each method what it is judged by, and that number of each window."""
    found: dict[str, tuple[str, np.ndarray]] = {}
    for path in map(Path, paths):
        said = read_said(path)
        if said is not None and np.isfinite(said.presence).all():
            found[path.stem] = "presence", said.presence
        else:
            found[path.stem] = "largest value", read_estimates(path).max(axis=1)
    eeg = read_eeg(chunks).eeg.astype(float)
    eeg -= eeg.mean(axis=1, keepdims=True)
    found[EEG_RMS] = "EEG", np.sqrt((eeg**2).mean(axis=(1, 2)))
    return found
