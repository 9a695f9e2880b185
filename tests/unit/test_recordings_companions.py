"""All files of a recording are inputs of the job that reads it."""

import mne
import numpy as np
from recordings_case import NAMES, SFREQ, recording
from recordings_files import write_brainvision, write_eeglab

from multisource.recordings.companions import companions


def names(path):
    found = companions(path)
    assert found[0] == path and all(one.is_file() for one in found)
    return sorted(one.name for one in found)


def test_brainvision_headers_name_their_files(tmp_path):
    path = write_brainvision(tmp_path, np.zeros((6, 500)), NAMES, SFREQ, markers=[])
    assert names(path) == ["mine.eeg", "mine.vhdr", "mine.vmrk"]
    # A header that was renamed alone, and one that stands for its own name.
    other = path.rename(tmp_path / "other.vhdr")
    assert names(other) == ["mine.eeg", "mine.vmrk", "other.vhdr"]
    own = tmp_path / "own.vhdr"
    own.write_text(other.read_text().replace("=mine.", "=$b."))
    (tmp_path / "mine.eeg").rename(tmp_path / "own.eeg")
    (tmp_path / "mine.vmrk").rename(tmp_path / "own.vmrk")
    assert names(own) == ["own.eeg", "own.vhdr", "own.vmrk"]


def test_samples_beside_an_eeglab_file_belong_to_it(tmp_path):
    data = recording(seconds=2.0, onsets=[]).get_data(picks=NAMES)
    path = write_eeglab(tmp_path / "mine.set", data, NAMES, SFREQ, events=[], beside=True)
    (tmp_path / "mine.txt").write_text("notes of mine are none of it")
    assert names(path) == ["mine.fdt", "mine.set"]
    renamed = path.rename(tmp_path / "other.set")
    assert names(renamed) == ["mine.fdt", "other.set"]
    whole = write_eeglab(tmp_path / "whole.set", data, NAMES, SFREQ, events=[])
    assert names(whole) == ["whole.set"]


def test_the_parts_of_a_large_fif_belong_together(tmp_path):
    info = mne.create_info(NAMES, SFREQ, "eeg")
    raw = mne.io.RawArray(np.zeros((6, 300_000)), info, verbose="error")
    raw.save(tmp_path / "mine_raw.fif", split_size="3MB", verbose="error")
    raw.save(tmp_path / "s_raw.fif", split_size="3MB", split_naming="bids", verbose="error")
    for path in (tmp_path / "mine_raw.fif", tmp_path / "s_split-01_raw.fif"):
        read = mne.io.read_raw_fif(path, verbose="error").filenames
        assert len(read) > 2
        assert names(path) == sorted(one.name for one in read)


def test_curry_nihon_kohden_and_persyst_have_files_of_the_same_name(tmp_path):
    for name in ("a.cdt", "a.cdt.dpa", "b.eeg", "b.PNT", "b.21E", "c.dat", "c.rs3", "c.dap"):
        (tmp_path / name).write_text("")
    (tmp_path / "d.lay").write_text("[FileInfo]\nFile=C:\\data\\old.dat\n")
    (tmp_path / "old.dat").write_text("")
    assert names(tmp_path / "a.cdt") == ["a.cdt", "a.cdt.dpa"]
    assert names(tmp_path / "b.eeg") == ["b.21E", "b.PNT", "b.eeg"]
    assert names(tmp_path / "c.dat") == ["c.dap", "c.dat", "c.rs3"]
    assert names(tmp_path / "d.lay") == ["d.lay", "old.dat"]
