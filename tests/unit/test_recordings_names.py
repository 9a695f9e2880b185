"""Names of channels and events as files have them: the right ones, or refused by name."""

import mne
import numpy as np
import pytest
from recordings_case import NAMES, ONSETS, SFREQ, recording, saved
from recordings_files import write_brainvision, write_eeglab

from multisource.errors import UserError
from multisource.recordings.check import check_header
from multisource.recordings.companions import companions
from multisource.recordings.events import choose_event
from multisource.recordings.matching import match_channels
from multisource.recordings.settings import RecordingSettings
from multisource.recordings.stretches import read_stretches


def read(path, **options):
    settings = RecordingSettings(str(path), **options)
    check_header(path, NAMES, settings)
    return read_stretches(path, NAMES, settings, sfreq=250.0, shortest_s=0.2)


FOUND = [
    (["EEG C3-REF", "EEG C4-REF", "ECG"], ["EEG C3-REF", "EEG C4-REF"]),
    (["C3-A2", "C4-A2"], ["C3-A2", "C4-A2"]),
    (["EEG C3-LE", "EEG C4-LE"], ["EEG C3-LE", "EEG C4-LE"]),
    (["C3-M1+M2", "C4-M1+M2"], ["C3-M1+M2", "C4-M1+M2"]),
    (["C3 Avg", "C4_avg"], ["C3 Avg", "C4_avg"]),
    (["C3-Cz", "C4-Cz", "Cz-Fz"], ["C3-Cz", "C4-Cz"]),
    (["C3", "C4", "C3-P3", "C4-P4"], ["C3", "C4"]),
    (["c3..", "C4 "], ["c3..", "C4 "]),
]


@pytest.mark.parametrize(("own", "right"), FOUND)
def test_a_reference_that_all_channels_share_is_understood(own, right):
    assert match_channels(own, ["C3", "C4"], name="x") == right


REFUSED = [
    (["EEG C3", "C3-Ref", "C4"], "2 signals for C3: EEG C3, C3-Ref; rename or drop"),
    (["C3", "c3", "C4"], "2 signals for C3: C3, c3"),
    (["C3-0", "C3-1", "C4"], "2 signals for C3: C3-0, C3-1"),
    (["C3-A2", "C3-M1", "C4-A2"], "2 signals for C3: C3-A2, C3-M1"),
    (["C3-A2", "C4-A1"], "against different electrodes, as C3-A2 and C4-A1 are"),
    (["C3-P3", "C4-P4"], "against different electrodes, as C3-P3 and C4-P4 are"),
    (["C3-Cz", "C3-P3", "C4-P4"], "2 signals for C3: C3-Cz, C3-P3"),
    (["C3", "Cz"], "lacks the channel.s. C4; it has C3, Cz"),
]


@pytest.mark.parametrize(("own", "words"), REFUSED)
def test_signals_that_may_be_wrong_are_refused(own, words):
    with pytest.raises(UserError, match=f"mine.edf: .*{words}") as caught:
        match_channels(own, ["C3", "C4"], name="mine.edf")
    assert "\n" not in str(caught.value)


def test_old_and_new_names_of_one_place_are_two_signals():
    assert match_channels(["EEG T3-REF", "EEG T6-REF"], ["T7", "P8"], name="x")[0] == "EEG T3-REF"
    with pytest.raises(UserError, match="2 signals for T7: T3, T7"):
        match_channels(["T3", "T7"], ["T7"], name="x")
    # A study may call its channels as it likes.
    assert match_channels(["E-1", "E-2", "EEG 001"], ["E-2", "EEG 001", "E-1"], name="x") == [
        "E-2",
        "EEG 001",
        "E-1",
    ]


def test_events_of_a_prefix_are_taken_together(tmp_path):
    raw = recording()
    words = ["flash/left", "flash/right/late"] * 10
    raw.set_annotations(mne.Annotations(ONSETS, 0.0, words))
    path = saved(raw, tmp_path)
    found = read(path, events="flash")
    assert found.averaged == 20
    told = {one.step: one.what for one in found.account.entries}
    assert told["events"] == "'flash/left' 10 times, 'flash/right/late' 10 times"
    assert read(path, events="late/flash").averaged == 10
    events, codes = mne.events_from_annotations(raw, verbose="error")
    epochs = mne.Epochs(raw, events, codes, baseline=None, preload=True, verbose="error")
    assert len(epochs["flash"]) == 20 and len(epochs["late/flash"]) == 10
    epochs.save(tmp_path / "mine-epo.fif")
    assert read(tmp_path / "mine-epo.fif", events="flash", tmax_s=0.5).averaged == 20
    with pytest.raises(
        UserError, match="several are called 'flash': 'flash/left', 'flash/right/la"
    ):
        choose_event(words[:2], "flash", name="mine-ave.fif")


def test_an_event_that_no_stimulus_channel_has_is_refused_before_any_job(tmp_path):
    raw = recording()
    codes = np.zeros((1, raw.n_times))
    codes[0, np.round(ONSETS * SFREQ).astype(int)] = 7
    stimulus = mne.io.RawArray(codes, mne.create_info(["STI"], SFREQ, "stim"), verbose="error")
    raw.add_channels([stimulus], force_update_info=True)
    path = saved(raw.set_annotations(None), tmp_path)
    check_header(path, NAMES, RecordingSettings(str(path), events="7"))
    with pytest.raises(UserError, match="no event is called '8'; the file has '7'"):
        check_header(path, NAMES, RecordingSettings(str(path), events="8"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16", "cp1250"])
def test_brainvision_files_of_any_encoding_are_read(tmp_path, encoding):
    raw = recording()
    words = "Blitz größer" if encoding != "cp1250" else "záblesk vlevo, příliš žluťoučký"
    markers = [("Comment", words.replace(",", r"\1"), round(t * SFREQ)) for t in ONSETS]
    codepage = {"latin-1": None, "utf-16": None, "cp1250": "cp1250"}.get(encoding, "UTF-8")
    data = raw.get_data(picks=NAMES)
    path = write_brainvision(
        tmp_path, data, NAMES, SFREQ, markers=markers, encoding=encoding, codepage=codepage
    )
    found = read(path, events=words, average=False)
    assert len(found.parts) == len(ONSETS)
    expected = read(saved(raw, tmp_path), events="flash", average=False)
    # Samples of 32 bits, as those of the FIF.
    np.testing.assert_allclose(found.parts, expected.parts, atol=1e-11)
    assert [one.name for one in companions(path)] == ["mine.vhdr", "mine.eeg", "mine.vmrk"]


def test_eeglab_files_with_samples_beside_are_read(tmp_path):
    data = recording().get_data(picks=NAMES)
    events = [("größer", onset * SFREQ + 1, 0.0) for onset in ONSETS]
    path = write_eeglab(tmp_path / "mine.set", data, NAMES, SFREQ, events=events, beside=True)
    assert read(path, events="größer").averaged == len(ONSETS)
