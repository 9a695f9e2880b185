"""The report's section on the user's own recordings: what was found, in words, and where."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from multisource.certainty.levels import LEVELS
from multisource.evaluation.names import method_label
from multisource.evaluation.sources import SAID
from multisource.parcellation.dipoles import COLUMNS, MNI
from multisource.parcellation.words import label_in_words
from multisource.recordings.credible import shares_of_cell
from multisource.recordings.moments import MEAN
from multisource.recordings.sources import RADII
from multisource.recordings.summary import NOTHING, summary_table
from multisource.report.page import Section
from multisource.report.picture import Picture

RECORDINGS = (
    "Every method applied to your own EEG. A map is scaled in its own window, so it shows where, "
    "not how much; the traces show how much. The networks know only EEG such as this study "
    "simulates. Where there is no cortex (the medial wall) maps are grey and no peak or source is "
    "told of. All clusters, and other moments, stand in recordings/<name>/peaks.tsv and "
    "sources.tsv, time courses of the regions in parcels.tsv; how often what is named is true in "
    "simulated EEG, above under Which sources."
)
MOST_SHOWN = 4  # recordings whose pictures and tables stand open on the page
OTHERS = "most of the solvers"
SIDE_BY_SIDE = "All recordings side by side: where, and how sure that there is a source"
FilePath = str | os.PathLike[str]
REGION = COLUMNS["aparc"]
_MOMENT = ("moment", "from_s", "to_s")
REACH = RADII[LEVELS.index(0.8)]


def your_recordings(
    pictures: Mapping[str, FilePath],
    peaks: Mapping[str, FilePath],
    named: Mapping[str, FilePath],
    steps: Mapping[str, FilePath],
    turned: Mapping[str, str],
) -> list[Section]:
    """Return the section on the user's own recordings.

    Parameters
    ----------
    pictures : mapping of str to path
        Recording to picture.
    peaks : mapping of str to path
        Recording to table (tsv) of :func:`multisource.recordings.peaks.peak_table`.
    named : mapping of str to path
        Recording to table (tsv) of :func:`multisource.recordings.sources.named_table`.
    steps : mapping of str to path
        Recording to table (tsv) of :class:`multisource.recordings.account.Account`.
    turned : mapping of str to str
        Recording to address of its brains to turn.

    Returns
    -------
    list of Section
        None if there are no recordings.
    """
    if not pictures:
        return []
    clusters = {name: pd.read_csv(peaks[name], sep="\t") for name in pictures}
    sources = {name: pd.read_csv(named[name], sep="\t") for name in pictures}
    frames = []
    if len(pictures) > 1:
        frames.append((SIDE_BY_SIDE, side_by_side(clusters, sources)))
    own = {name: _tables(name, clusters[name], sources[name], steps[name]) for name in pictures}
    links = {name: [(turned[name], f"{name}: turn the brain")] for name in turned}
    if len(pictures) > MOST_SHOWN:
        # A picture has 3 MB: a page that holds those of a whole data set would not open.
        folds = [
            Section(
                name,
                frames=own[name],
                links=[
                    (f"figures/{Path(path).name}", f"{name}: the EEG, and each method's maps"),
                    *links.get(name, []),
                ],
            )
            for name, path in pictures.items()
        ]
        return [Section("Your recordings", RECORDINGS, frames=frames, folds=folds)]
    shown = [
        Picture(
            Path(path).read_bytes(),
            f"{name}: the EEG, and each method's maps of its strongest or chosen windows, coloured "
            "from half the maximum to the maximum; the blue dot is the peak",
            f"EEG traces, a scalp map, and brains with the activity estimated from {name}",
        )
        for name, path in pictures.items()
    ]
    frames += [frame for tables in own.values() for frame in tables]
    pages = [page for listed in links.values() for page in listed]
    return [Section("Your recordings", RECORDINGS, pictures=shown, frames=frames, links=pages)]


def _tables(
    name: str, clusters: pd.DataFrame, sources: pd.DataFrame, steps: FilePath
) -> list[tuple[str, pd.DataFrame]]:
    """The tables of one recording, with their captions."""
    return [
        (f"{name}: in words", in_words(clusters, sources)),
        (f"{name}: strongest cluster of each map", _clusters(clusters)),
        (f"{name}: what was done to it before, and what was left out", _steps(steps)),
    ]


def side_by_side(
    peaks: Mapping[str, pd.DataFrame], sources: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Compare recordings: the region that each method says, and how sure it is.

    Parameters
    ----------
    peaks : mapping of str to pandas.DataFrame
        Recording to table of :func:`multisource.recordings.peaks.peak_table`.
    sources : mapping of str to pandas.DataFrame
        Recording to table of :func:`multisource.recordings.sources.named_table`.

    Returns
    -------
    pandas.DataFrame
        One row per recording and moment. A column for each method that says how sure it is: the
        most probable source, or the peak of its map. One for all others: the region where most of
        them have their peak, and how many do.
    """
    table = summary_table(peaks, sources)
    table["window (s)"] = [_window(*row) for row in zip(*(table[c] for c in _MOMENT), strict=True)]
    sure = set(table.loc[table["presence"].notna(), "method"])
    rows = []
    for (name, window), part in table.groupby(["recording", "window (s)"], sort=False):
        is_sure = part["method"].isin(sure)
        said = {
            method_label(row["method"]): _at_a_glance(row) for _, row in part[is_sure].iterrows()
        }
        places = part.loc[~is_sure, REGION].value_counts()
        if len(places):
            most = f"{label_in_words(places.index[0])} ({places.iloc[0]} of {places.sum()})"
            said[OTHERS] = most
        rows.append({"recording": name, "window (s)": window, **said})
    wide = pd.DataFrame(rows).fillna("")
    return wide[
        [*(column for column in wide if column != OTHERS), *wide.columns.intersection([OTHERS])]
    ]


def _at_a_glance(row: pd.Series) -> str:
    if row["answer"] == NOTHING:
        return f"nothing ({100 * row['presence']:.0f} % sure)"
    words = label_in_words(row[REGION])
    if not np.isnan(row["probability"]):
        share = f"{100 * row['probability']:.0f} %"
        return f"{words}, " + (f"in {share} of windows" if row["moment"] == MEAN else share)
    if row["presence"] < SAID:
        return f"nothing ({100 * row['presence']:.0f} % sure)"
    return words


def in_words(peaks: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """Say in sentences what every method finds.

    Parameters
    ----------
    peaks : pandas.DataFrame
        Of :func:`multisource.recordings.peaks.peak_table`.
    sources : pandas.DataFrame
        Of :func:`multisource.recordings.sources.named_table`.

    Returns
    -------
    pandas.DataFrame
        One row per method and moment that is shown: method, window (s), what it says. A method
        that names sources tells these, another the peak of its map.
    """
    rows = []
    for method in dict.fromkeys([*sources["method"], *peaks["method"]]):
        told = sources[sources["method"] == method]
        table = told if len(told) else peaks[peaks["method"] == method]
        for moment, of_moment in _moments(table):
            first = of_moment.iloc[0]
            if len(told):
                sentences = [_source(row) for _, row in of_moment.iterrows()]
                says = _presence(first) + "; ".join(sentences)
            else:
                says = _peak(first)
            rows.append({"method": method_label(str(method)), "window (s)": moment, "finds": says})
    return pd.DataFrame(rows, columns=["method", "window (s)", "finds"])


def _moments(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The moments of one method that the page shows: chosen ones, or the strongest and the mean."""
    found: list[tuple[str, pd.DataFrame]] = []
    for (kind, low, high), part in table.groupby(["moment", "from_s", "to_s"], sort=False):
        if kind == "strongest" and found:
            continue
        found.append((_window(str(kind), low, high), part))
    return found


def _window(kind: str, low: float, high: float) -> str:
    return f"mean of {low:g} to {high:g}" if kind == MEAN else f"{low:g} to {high:g}"


def _presence(row: pd.Series) -> str:
    if np.isnan(row["presence"]):
        return ""
    return f"something is there: {100 * row['presence']:.0f} % sure; "


def _source(row: pd.Series) -> str:
    """Such as: left postcentral gyrus, MNI (-42, -28, 52), 90 % sure, within 12 mm in 80 of 100."""
    if np.isnan(row["source"]):
        return "no source is as probable as one half"
    place = f"{label_in_words(row[REGION])}, MNI {_mni(row)}"
    if row["moment"] == MEAN:
        return f"{place}, in {100 * row['probability']:.0f} % of the windows"
    words = (
        f"{place}, {100 * row['probability']:.0f} % sure, within {row[REACH]:.0f} mm in 80 of 100 "
        "cases"
    )
    shares = shares_of_cell(row["regions"]) if isinstance(row["regions"], str) else {}
    if len(shares) > 1:
        listed = ", ".join(f"{label_in_words(k)} {100 * v:.0f} %" for k, v in shares.items())
        words += f" ({listed})"
    return words


def _peak(row: pd.Series) -> str:
    words = f"highest in the {label_in_words(row[REGION])}, MNI {_mni(row)}"
    if row["off_cortex"] > 0:
        words += f"; in {100 * row['off_cortex']:.0f} % of the windows the peak is off the cortex"
    return words


def _mni(row: pd.Series) -> str:
    return "(" + ", ".join(str(round(row[axis])) for axis in MNI) + ")"


def _clusters(table: pd.DataFrame) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for method, own in table.groupby("method", sort=False):
        for moment, part in _moments(own):
            first = part.iloc[0]
            rows.append(
                {
                    "method": method_label(str(method)),
                    "window (s)": moment,
                    "region": label_in_words(first[REGION]),
                    "MNI (mm)": _mni(first),
                    "maximum": first["map_maximum"],
                    "moment (nAm)": first["moment_nam"],
                    "area (cm²)": first["area_cm2"],
                    "extent (mm)": first["extent_mm"],
                    "peaks off the cortex": first["off_cortex"],
                }
            )
    return pd.DataFrame(rows)


def _steps(path: FilePath) -> pd.DataFrame:
    table = pd.read_csv(path, sep="\t", keep_default_na=False)
    lost = {"seconds_lost": "seconds left out", "epochs_lost": "epochs left out"}
    for column in lost:
        table[column] = [f"{value:g}" if value else "" for value in table[column]]
    return table[["step", "what", *lost]].rename(columns={"what": "what it did", **lost})
