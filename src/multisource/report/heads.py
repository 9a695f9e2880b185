"""The report's section on every method and every test set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from multisource.evaluation.heads import STATISTICS, differences_frame, metric_frame
from multisource.evaluation.names import metric_label
from multisource.report.page import Section
from multisource.report.picture import Picture

WORDS = (
    "Each column is a test set, with the operator that made it; behind each method stands the "
    "operator that it was trained on or solves with. A is the finite-element operator, B the "
    "boundary elements', others are variants of the configuration. To be tested on the very head "
    "that one knows is the inverse crime: those values, framed or with °, are better than a real "
    "head would give. A fair comparison is of values in one column without that mark. How far the "
    "operators are apart: RDM, the difference of the topographies (0 to 2), and lnMAG, the "
    "logarithm of the ratio of the amplitudes."
)
CURVES = (
    "Windows in which one property is set, value by value, and all others are drawn as on the test "
    "set; in each point the same sources and noise but for it. Bands: intervals. Thresholds are "
    "those of the validation split: nothing is chosen here."
)
ALT = "Methods down, test sets across, values as colours and numbers"


def every_head(table: str | os.PathLike[str], picture: str | os.PathLike[str]) -> list[Section]:
    """Return the section on every method and every test set.

    Parameters
    ----------
    table : path
        Of :func:`multisource.evaluation.heads.heads_table` (csv).
    picture : path
        Of :func:`multisource.figures.heads.heads_figure`.

    Returns
    -------
    list of Section
        One section.
    """
    values = pd.read_csv(table, keep_default_na=True)
    values["given"] = values["given"].fillna("")
    frames = [("RDM / lnMAG to what methods know (median)", differences_frame(values))]
    shown = Picture(Path(picture).read_bytes(), "Every method on every test set", ALT)
    by_metric = [
        (f"{metric_label(metric)} ({statistic} over the windows)", metric_frame(values, metric))
        for metric, statistic in STATISTICS.items()
    ]
    title = "Who knew the head: every method on every test set"
    numbers = Section("The same in numbers, with intervals", frames=by_metric)
    return [Section(title, WORDS, [shown], frames, folds=[numbers])]


def curve_sections(pictures: Mapping[str, str | os.PathLike[str]]) -> list[Section]:
    """Return the section on the study's curves.

    Parameters
    ----------
    pictures : mapping of str to path
        Name of each to its picture, of :func:`multisource.figures.curves.curve_figure`.

    Returns
    -------
    list of Section
        One section, or none without curves.
    """
    shown = [
        Picture(Path(path).read_bytes(), f"Curve {name}", f"A line for each method, against {name}")
        for name, path in pictures.items()
    ]
    return [Section("As one thing changes", CURVES, shown)] if shown else []
