"""Recordings side by side."""

import numpy as np
import pandas as pd

from multisource.recordings.summary import first_moments, summary_table
from multisource.report.recordings import side_by_side

PLACE = {"hemisphere": "lh", "mni_x": -8.0, "mni_y": -80.0, "mni_z": 4.0}


def row(method, moment, from_s, region, **more):
    words = {"desikan_killiany": f"{region}-lh", "destrieux": f"G_{region}-lh"}
    window = {"method": method, "moment": moment, "from_s": from_s, "to_s": from_s + 0.2}
    return window | PLACE | words | {"regions": f"{region}-lh 1.00"} | more


def peak(method, moment, from_s, region):
    return row(method, moment, from_s, region, eeg_rms_uv=5.0, cluster=1, off_cortex=0.1)


def source(moment, from_s, region, source, probability, presence):
    return row(
        "covnet", moment, from_s, region, source=source, probability=probability, presence=presence
    )


PEAKS = pd.DataFrame(
    [
        peak("covnet", "strongest", 1.0, "lingual"),
        peak("covnet", "strongest", 0.0, "insula"),
        peak("covnet", "mean", 0.0, "fusiform"),
        peak("mne", "strongest", 1.0, "cuneus"),
        peak("mne", "mean", 0.0, "cuneus"),
    ]
)
SOURCES = pd.DataFrame(
    [
        source("strongest", 1.0, "pericalcarine", 1, 0.9, 0.97),
        source("strongest", 1.0, "precuneus", 2, 0.6, 0.97),
        source("strongest", 0.0, "insula", 1, 0.9, 0.97),
        source("mean", 0.0, "pericalcarine", np.nan, np.nan, 0.02),
    ]
)


def test_of_each_recording_the_strongest_window_and_the_mean_are_told():
    told = first_moments(PEAKS)["desikan_killiany"].tolist()
    assert told == ["lingual-lh", "fusiform-lh", "cuneus-lh", "cuneus-lh"]
    chosen = PEAKS.assign(moment="chosen")
    assert len(first_moments(chosen)) == len(PEAKS)


def test_a_named_source_is_the_answer_or_else_the_peak():
    table = summary_table({"closed": PEAKS, "open": PEAKS}, {"closed": SOURCES, "open": SOURCES})
    assert table["recording"].tolist() == ["closed"] * 4 + ["open"] * 4
    first = table.set_index(["recording", "method", "moment"]).loc["closed"]
    told = first.loc[("covnet", "strongest")]
    assert (told["answer"], told["probability"]) == ("source", 0.9)
    assert told["desikan_killiany"] == "pericalcarine-lh"
    assert first.loc[("covnet", "mean"), "answer"] == "peak"
    assert first.loc[("mne", "strongest"), "desikan_killiany"] == "cuneus-lh"
    assert np.isnan(first.loc[("mne", "strongest"), "presence"])


def test_the_report_says_it_in_words():
    table = side_by_side({"closed": PEAKS, "open": PEAKS}, {"closed": SOURCES, "open": SOURCES})
    assert table.columns.tolist() == ["recording", "window (s)", "CovNet", "most of the solvers"]
    assert table["recording"].tolist() == ["closed", "closed", "open", "open"]
    assert table.loc[0].tolist()[1:] == [
        "1 to 1.2",
        "left pericalcarine cortex, 90 %",
        "left cuneus (1 of 1)",
    ]
    assert table.loc[1, "CovNet"] == "nothing (2 % sure)"


def test_a_network_with_an_empty_map_says_that_nothing_is_there():
    """It has no peak, but the table of sources says how sure it is."""
    peaks = PEAKS[PEAKS["method"] == "mne"]
    table = summary_table({"open": peaks}, {"open": SOURCES})
    silent = table[table["method"] == "covnet"]
    assert silent["answer"].tolist() == ["nothing"] * 2 and silent["regions"].isna().all()
    assert (
        silent["presence"].tolist() == [0.97, 0.02] and silent["eeg_rms_uv"].tolist() == [5.0] * 2
    )
    shown = side_by_side({"open": peaks}, {"open": SOURCES})
    assert shown["CovNet"].tolist()[1] == "nothing (2 % sure)"


def test_twenty_recordings_are_twenty_short_rows():
    """Solvers share a column, so that the table is no wider for nine of them."""
    solvers = ["mne", "dspm", "eloreta", "loreta"]
    regions = ["cuneus", "insula", "cuneus", "cuneus"]
    rows = [peak(m, "mean", 0.0, r) for m, r in zip(solvers, regions, strict=True)]
    peaks = {f"rest_sub{k:02d}": pd.DataFrame([PEAKS.iloc[2].to_dict(), *rows]) for k in range(20)}
    sources = dict.fromkeys(peaks, SOURCES[SOURCES["moment"] == "mean"])
    table = side_by_side(peaks, sources)
    assert table.shape == (20, 4) and table["recording"].is_unique
    assert table.loc[7, "most of the solvers"] == "left cuneus (3 of 4)"
    assert table.map(len).sum(axis=1).max() < 120
