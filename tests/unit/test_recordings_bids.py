"""Whole BIDS data sets: found by their names, read with their tables, refused by name."""

import json
import shutil
from pathlib import Path

import mne
import mne_bids
import numpy as np
import pandas as pd
import pytest
from config_case import changed, mistakes
from recordings_case import NAMES, ONSETS, SFREQ, recording, referenced
from recordings_files import write_brainvision, write_edf, write_eeglab

from multisource.recordings.bids import recordings_of, tables_of
from multisource.recordings.check import check_header
from multisource.recordings.entries import all_recordings
from multisource.recordings.settings import recording_settings
from multisource.recordings.stretches import read_stretches


def original(folder: Path, ending: str, data: np.ndarray) -> Path:
    """A file of EEG as an amplifier writes it."""
    folder.mkdir(exist_ok=True)
    if ending == ".vhdr":
        return write_brainvision(folder, data, NAMES, SFREQ, markers=[])
    if ending == ".set":
        events = [("old", 1.0, 0.0)]
        return write_eeglab(folder / "mine.set", data, NAMES, SFREQ, events=events, beside=True)
    kind = ending[1:].upper() + "+C"
    return write_edf(folder / f"mine{ending}", data, NAMES, SFREQ, kind=kind)


def add(root: Path, ending: str = ".edf", *, seconds=12.0, onsets=ONSETS[:6], **labels: str):
    """Add a recording of the known evoked potential, its events in the tables alone."""
    data = recording(seconds=seconds, onsets=onsets, noise=1e-7).get_data(picks=NAMES)
    path = original(root.parent / f"raw-{root.name}", ending, data)
    raw = mne.io.read_raw(path, verbose="error")
    raw.set_annotations(mne.Annotations(onsets, 0.0, ["flash"] * len(onsets)))
    place = mne_bids.BIDSPath(root=root, datatype="eeg", **labels)
    mne_bids.write_raw_bids(raw, place, overwrite=True, verbose="error")
    return next(place.directory.glob(f"{place.basename}_eeg{ending}"))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two subjects of two runs, and one of another task and a session."""
    root = tmp_path_factory.mktemp("data") / "study"
    for subject in ("01", "02"):
        for run in ("1", "2"):
            add(root, subject=subject, task="flash", run=run)
    add(root, ".vhdr", subject="03", session="a", task="rest")
    return root


def table(file: Path, kind: str) -> Path:
    return file.with_name(file.name.replace("_eeg" + file.suffix, f"_{kind}.tsv"))


def found(root: Path, **entry: object):
    return all_recordings({"mine": {"bids": "here", **entry}}, lambda key, name: root)


def test_an_entry_stands_for_the_recordings_of_its_task(root):
    recordings = found(root, task="flash", band_hz=[1, 40])
    names = ["sub01_run1", "sub01_run2", "sub02_run1", "sub02_run2"]
    assert [one.name for one in recordings] == [f"mine_{name}" for name in names]
    assert [one.subject for one in recordings] == ["sub-01"] * 2 + ["sub-02"] * 2
    # MNE-BIDS knows the same files.
    known = mne_bids.find_matching_paths(root, tasks="flash", suffixes="eeg", extensions=".edf")
    files = [Path(one.settings["file"]) for one in recordings]
    assert sorted(files) == sorted(one.fpath for one in known)
    for one in recordings:
        assert one.settings["band_hz"] == [1, 40] and one.settings["bad_channels"] == "marked"
    assert [one.name for one in found(root, task="rest")] == ["mine_sub03_sesa"]


@pytest.mark.parametrize(
    ("choice", "count"),
    [
        ({"subjects": ["02"]}, 2),
        ({"subjects": ["sub-02"], "runs": ["01"]}, 1),
        ({"runs": [1]}, 2),
        ({"subjects": None, "runs": ["2"]}, 2),
    ],
)
def test_subjects_sessions_and_runs_are_chosen(root, choice, count):
    assert len(found(root, task="flash", **choice)) == count


def test_a_task_need_not_be_named_where_there_is_only_one(root, tmp_path):
    shutil.copytree(root, tmp_path / "one")
    shutil.rmtree(tmp_path / "one/sub-03")
    assert len(found(tmp_path / "one")) == 4


@pytest.mark.parametrize("ending", [".edf", ".bdf", ".vhdr", ".set"])
def test_every_format_gives_the_average_that_was_recorded(tmp_path, ending):
    """Events of events.tsv and bad channels of channels.tsv, not of the file."""
    file = add(tmp_path / "study", ending, subject="01", task="flash")
    channels = pd.read_csv(table(file, "channels"), sep="\t", keep_default_na=False)
    channels.loc[channels["name"] == "C3", "status"] = "bad"
    channels.to_csv(table(file, "channels"), sep="\t", index=False)
    (one,) = found(tmp_path / "study", events="flash", baseline_s=[-0.2, 0.0])
    settings = recording_settings(one.settings)
    check_header(file, NAMES, settings)
    places = np.array(
        [mne.channels.make_standard_montage("colin27_1020").get_positions()["ch_pos"][name]
         for name in NAMES]
    )  # fmt: skip
    read = read_stretches(
        file, NAMES, settings, sfreq=SFREQ, shortest_s=0.2, positions=1000 * places
    )
    assert read.averaged == 6
    peak = read.parts[0][:, round((0.1 - read.starts_s[0]) * SFREQ)]
    kept = [k for k, name in enumerate(NAMES) if name != "C3"]
    # Up to the offset of the average, which the interpolated channel moves.
    error = peak[kept] - referenced()[kept]
    # 0.1 microvolts of noise over six epochs, and a digit of 0.15 microvolts in EDF.
    assert np.abs(error - error.mean()).max() < 4e-7
    steps = "\n".join(read.account.lines())
    assert "C3" in steps and "'flash' 6 times" in steps


def test_breaks_that_only_the_file_knows_are_kept(tmp_path):
    """The table of events takes the place of the file's own annotations."""
    root = tmp_path / "study"
    data = recording(seconds=12.0, onsets=ONSETS[:6]).get_data(picks=NAMES)
    path = write_eeglab(
        tmp_path / "mine.set",
        data,
        NAMES,
        SFREQ,
        events=[("boundary", 2500.5, 40.0)],
        beside=True,
    )
    place = mne_bids.BIDSPath(root=root, datatype="eeg", subject="01", task="rest")
    raw = mne.io.read_raw(path, verbose="error")
    mne_bids.write_raw_bids(raw, place, verbose="error")
    file = next(place.directory.glob("*_eeg.set"))
    events = "onset\tduration\ttrial_type\n1.0\t0\tflash\n"
    table(file, "events").write_text(events)
    (one,) = found(root)
    read = read_stretches(
        file, NAMES, recording_settings({**one.settings, "bad_channels": None}), sfreq=SFREQ,
        shortest_s=0.2,
    )  # fmt: skip
    assert len(read.parts) == 2 and read.parts[0].shape[1] in (2499, 2500)


def test_tables_are_inherited_and_belong_to_the_recording(tmp_path):
    root = tmp_path / "study"
    file = add(root, subject="01", task="flash", run="1")
    other = add(root, subject="01", task="flash", run="2")
    names = [one.name for one in tables_of(file, root)]
    beside = [table(file, kind).name for kind in ("events", "channels")]
    assert names == [*beside, file.name.replace(".edf", ".json")]
    # One table for all: at the top, where MNE-BIDS finds it too.
    for one in (file, other):
        table(one, "events").unlink()
    top = root / "task-flash_events.tsv"
    top.write_text("onset\tduration\ttrial_type\n2.5\t0\tlate\n")
    (root / "task-rest_events.tsv").write_text("onset\tduration\ttrial_type\n1\t0\tno\n")
    found_there = [one.name for one in tables_of(file, root) if "events" in one.name]
    assert found_there == [top.name]
    (one, _) = found(root, task="flash", events="late")
    check_header(file, NAMES, recording_settings(one.settings))


def test_a_contrast_pairs_the_recordings_of_a_subject(root):
    entries = {
        "two": {"bids": "", "task": "flash", "runs": [2], "against": "one"},
        "one": {"bids": "", "task": "flash", "runs": [1]},
    }
    paired = {one.name: one.settings.get("against") for one in all_recordings(entries, at(root))}
    assert paired["two_sub01_run2"] == "one_sub01_run1"
    assert paired["two_sub02_run2"] == "one_sub02_run1" and paired["one_sub01_run1"] is None
    entries["one"]["subjects"] = ["01"]
    with pytest.raises(ValueError, match=r"two\.against: 'one' has no recording of sub-02"):
        all_recordings(entries, at(root))
    entries["one"] = {"bids": "", "task": "flash"}
    entries["two"] |= {"against": "one", "runs": None}
    assert all_recordings(entries, at(root))
    entries["one"] = {"file": "mine.edf", "against": "two"}
    entries["two"] = {"bids": "", "task": "flash"}
    with pytest.raises(ValueError, match=r"one\.against: 'two' is a data set of several"):
        all_recordings(entries, at(root))


def at(root):
    return lambda key, name: root


WRONG = [
    ({"bids": "nowhere"}, "recordings.mine.bids: folder 'nowhere' does not exist"),
    ({"bids": "study/sub-01"}, "no dataset_description.json, so that it is no BIDS data set"),
    ({"bids": "study"}, "recordings.mine: missing key 'task'; "),
    ({"bids": "study", "task": "flush"}, "did you mean 'flash'? allowed: flash, rest"),
    ({"bids": "study", "task": "flash", "subjects": ["04"]}, "no sub-04 with this task; there is"),
    ({"bids": "study", "task": "flash", "subjects": ["03"]}, "there is 01, 02"),
    ({"bids": "study", "task": "flash", "runs": [3]}, "recordings.mine.runs: no run-3 with this"),
    ({"bids": "study", "task": "flash", "sessions": ["a"]}, "there is no such label"),
    ({"bids": "study", "task": "flash", "subjects": [1]}, "recordings.mine.subjects.0: 1"),
    ({"bids": "study", "task": "flash", "events": "no"}, "no event is called 'no'; the file has"),
    ({"bids": "meg"}, "meg holds no EEG in .edf, .bdf, .vhdr, .set; it holds meg"),
    ({"bids": "empty"}, "empty holds no EEG in .edf, .bdf, .vhdr, .set"),
    ({"bids": "study", "file": "mine.edf"}, "recordings.mine.bids: no option beside file"),
    ({"file": "mine.edf", "task": "flash"}, "recordings.mine.task: no option beside file"),
    ({"task": "flash"}, "recordings.mine: missing key 'file', or 'bids' for a data set"),
    ({"bids": "study", "task": "flash", "band_hz": [40, 1]}, "recordings.mine.band_hz"),
]


@pytest.mark.parametrize(("entry", "words"), WRONG, ids=[words for _, words in WRONG])
def test_what_is_not_there_is_refused(root, entry, words):
    for name, kind in (("meg", "meg"), ("empty", "")):
        top = root.parent / name
        (top / "sub-01" / kind).mkdir(parents=True, exist_ok=True)
        (top / "dataset_description.json").write_text(json.dumps({"Name": name}))
    config = changed("recordings", {"mine": entry})
    config["electrodes"]["channels"] = NAMES
    lines = mistakes(config, root.parent)
    assert lines and all(line.startswith("config: ") for line in lines)
    assert any(words in line for line in lines), lines
    assert len(lines) == (4 if "no event" in words else 1)


def test_a_good_data_set_passes_whole(root):
    config = changed("recordings", {"mine": {"bids": "study", "task": "flash", "events": "flash"}})
    config["electrodes"]["channels"] = NAMES
    assert mistakes(config, root.parent) == []


def test_one_recording_in_two_formats_is_refused(root, tmp_path):
    shutil.copytree(root, tmp_path / "two")
    file = recordings_of(tmp_path / "two")[0].path
    shutil.copy(file, file.with_suffix(".set"))
    with pytest.raises(ValueError, match="are the same recording; keep one"):
        recordings_of(tmp_path / "two")


def test_two_entries_of_one_name_are_refused(root):
    entries = {"mine": {"bids": "", "task": "rest"}, "mine_sub03_sesa": {"file": "other.edf"}}
    with pytest.raises(ValueError, match="'mine_sub03_sesa', which is the name of another"):
        all_recordings(entries, at(root))
