"""The report's sections on how sure the methods are, and how far they can be believed."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from multisource.certainty.levels import LEVELS
from multisource.evaluation.calibration import expected_calibration_error
from multisource.evaluation.names import method_label, scenario_label
from multisource.evaluation.sources import COVERAGE
from multisource.report.page import Section
from multisource.report.picture import Picture

HOW_SURE = (
    "Of the dipoles that a method says are active with a probability of 70 %, 70 % should be. The "
    "dashed line is a method that is right about itself; below it, a method is too sure. The error "
    "(expected calibration error) is the mean distance from the line, weighted by the dipoles of "
    "each tenth of the probability. Most dipoles of a window are silent and said to be, which "
    "keeps it small; the error above 10 % leaves those out. A network's probabilities were "
    "recalibrated on its validation windows, to which no weight is fitted."
)
SOURCES = (
    "From its maps, or its samples, a method names sources: each with a place, a probability, and "
    "distances within which the true centre of a patch lies in 50, 80 and 95 of 100 cases. Here is "
    "whether that is true. A named source counts from a probability of one half, and as true if a "
    "centre lies within 40 mm, which no other named source is nearer to. A network learns its "
    "distances and probabilities on its validation windows, after training; in the windows of "
    "other test splits it meets another leadfield or noise than there."
)
SMALL = (
    "As many of a map's strongest dipoles count as are truly active. Left: how much of a single "
    "source is among them. Middle: how often the weaker of two sources is found, that is 30 % of "
    "it or more are among them. Right: how often both of two sources are. No method can find more "
    "than what the data allow, but for chance."
)
NUMBERS = "How many sources were said (columns: windows) of windows that have so many (rows)"
DETECTION = (
    "Windows in which nothing is active but the background, with or without a blink or a muscle, "
    "against windows with one source of 30 mm or more. Found: the share of the latter, where a "
    "method's number is so large that it calls 5 of 100 empty windows active. A method that tells "
    "the probability of any source being there (presence) is judged by that, another by the "
    "largest value of its map; the last row takes the amplitude of the EEG itself, its root mean "
    "square. False alarms and missed sources are those of presence at one half: no threshold is "
    "chosen. The model of the patch posterior has neither blinks nor muscles, so that it takes "
    "them for sources, also where it is called what the data allow."
)
ALT = "Share of truly active dipoles against the said probability, with the number of dipoles"


def how_small(picture: str | os.PathLike[str]) -> Section:
    """Return the section on how small, weak and near sources may be.

    Parameters
    ----------
    picture : path
        Of :func:`multisource.figures.found.found_figure`.

    Returns
    -------
    Section
        One picture.
    """
    alt = "Share of sources found against extent, relative power and distance, a line per method"
    shown = Picture(Path(picture).read_bytes(), "What is found on the random test set", alt)
    return Section("How small, weak and near", SMALL, [shown])


def named_sources(
    sources: str | os.PathLike[str],
    numbers: str | os.PathLike[str],
    detection: str | os.PathLike[str],
) -> list[Section]:
    """Return the sections on the sources that methods name, and on whether there are any.

    Parameters
    ----------
    sources, numbers : path
        Tables (csv) of :func:`multisource.evaluation.sources.sources_table` and
        :func:`~multisource.evaluation.sources.number_table`.
    detection : path
        Table (csv) of :func:`multisource.evaluation.detection.detection_table`.

    Returns
    -------
    list of Section
        None if no method names sources, or no windows are without any.
    """
    sections = []
    judged = pd.read_csv(sources)
    if len(judged):
        frames = [("Named sources", _sources_frame(judged)), (NUMBERS, _numbers_frame(numbers))]
        sections.append(Section("Which sources, and how far off", SOURCES, frames=frames))
    found = pd.read_csv(detection)
    if len(found):
        sections.append(
            Section(
                "Is anything there",
                DETECTION,
                frames=[("Detection of one source", _detection_frame(found))],
            )
        )
    return sections


def _sources_frame(judged: pd.DataFrame) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "windows of": judged["scenario"].map(scenario_label),
            "method": judged["method"].map(method_label),
            "windows": judged["windows"],
            "true sources": judged["sources"],
            "named": judged["said"],
            "share of named that are true": judged["true"],
            "share of true ones named": judged["found"],
            "error, mm (median)": judged["error_mm"],
            "80 % radius, mm (median)": judged["radius_80_mm"],
        }
    )
    for level, name in zip(LEVELS, COVERAGE, strict=True):
        frame[f"within the {100 * level:.0f} % radius"] = judged[name]
    frame["number right"] = judged["number_right"]
    return frame


def _numbers_frame(numbers: str | os.PathLike[str]) -> pd.DataFrame:
    counted = pd.read_csv(numbers)
    table = counted.pivot_table(
        index=["scenario", "method", "true"], columns="said", values="windows", sort=False
    )
    table = table[sorted(table.columns)].fillna(0).astype(int).reset_index()
    table["scenario"] = table["scenario"].map(scenario_label)
    table["method"] = table["method"].map(method_label)
    table = table.rename(columns={"scenario": "windows of", "true": "true number"})
    return table.rename(columns={n: f"said {n}" for n in table.columns if not isinstance(n, str)})


def _detection_frame(found: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "without a source": found["nothing"].map(scenario_label),
            "with one": found["something"].map(scenario_label),
            "method": found["method"].map(method_label),
            "judged by": found["judged_by"],
            "windows without": found["windows_nothing"],
            "windows with": found["windows_something"],
            "found at 5 % false alarms": found["detected"],
            "AUC": found["auc"],
            "false alarms": found["false_alarms"],
            "missed": found["missed"],
        }
    )


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
