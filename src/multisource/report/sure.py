"""The report's section on how far the methods' probabilities can be believed."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from multisource.evaluation.calibration import expected_calibration_error
from multisource.evaluation.names import method_label, scenario_label
from multisource.report.page import Picture, Section

HOW_SURE = (
    "Of the dipoles that a method says are active with a probability of 70 %, 70 % should be. The "
    "dashed line is a method that is right about itself; below it, a method is too sure. The error "
    "(expected calibration error) is the mean distance from the line, weighted by the dipoles of "
    "each tenth of the probability. Most dipoles of a window are silent and said to be, which "
    "keeps it small; the error above 10 % leaves those out. A network's probabilities were "
    "recalibrated on its validation windows, to which no weight is fitted."
)
ALT = "Share of truly active dipoles against the said probability, with the number of dipoles"


def how_sure(table: str | os.PathLike[str], picture: str | os.PathLike[str]) -> list[Section]:
    """Return the section on calibration.

    Parameters
    ----------
    table : path
        Bins of every scenario and method (csv of
        :func:`multisource.evaluation.calibration.calibration_table`).
    picture : path
        Its picture.

    Returns
    -------
    list of Section
        One section, or none if no method tells P(active).
    """
    bins = pd.read_csv(table)
    if bins.empty:
        return []
    rows = []
    for (scenario, method), part in bins.groupby(["scenario", "method"], sort=False):
        count = part["dipoles"]
        rows.append(
            {
                "windows of": scenario_label(str(scenario)),
                "method": method_label(str(method)),
                "windows": int(part["windows"].iloc[0]),
                "said in the mean": (part["said"].fillna(0) * count).sum() / count.sum(),
                "truly active": (part["active"].fillna(0) * count).sum() / count.sum(),
                "error": part["error"].iloc[0],
                "error above 10 %": expected_calibration_error(part[part["from"] >= 0.1]),
            }
        )
    frame = pd.DataFrame(rows)
    shown = Picture(Path(picture).read_bytes(), "Said against true probability of a dipole", ALT)
    return [Section("How sure", HOW_SURE, [shown], [("Calibration of P(active)", frame)])]
