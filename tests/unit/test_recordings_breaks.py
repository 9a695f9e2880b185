"""Recordings with breaks: nothing is filtered, averaged or timed across them."""

import json

import mne
import numpy as np
import pytest
from recordings_case import NAMES, ONSETS, SFREQ, TOPOGRAPHY, recording, referenced, saved, wave
from recordings_files import write_brainvision, write_edf, write_eeglab

from multisource.errors import UserError
from multisource.recordings.check import check_header
from multisource.recordings.edf_records import read_edf_records
from multisource.recordings.settings import RecordingSettings
from multisource.recordings.stretches import read_stretches
from multisource.recordings.timeline import timeline_of
from multisource.recordings.windows import cut_windows, series

JOINT_S = 16.0  # the eleventh event is there
# As in test_recordings_reading: what the high-pass takes of a bump of 50 ms.
TOLERANCE = 0.05 * np.abs(referenced()).max()


def pieces():
    """The case's channels in its order; from the joint on the electrodes have other potentials."""
    data = recording().get_data(picks=NAMES)
    data[:, round(JOINT_S * SFREQ) :] += 3e-4 * np.arange(1, 7)[:, None]
    return data


def edf(folder, gap_s):
    """``gap_s`` at the joint; flashes are noted at the times when they were."""
    late = np.where(np.arange(32) < JOINT_S, 0, gap_s)
    onsets = ONSETS + np.where(ONSETS < JOINT_S, 0, gap_s)
    notes = [(onset, 0, b"flash") for onset in onsets]
    return write_edf(
        folder / "mine.edf", pieces(), NAMES, SFREQ, starts=np.arange(32) + late, notes=notes
    )


def fif(folder, marks):
    info = mne.create_info(NAMES, SFREQ, "eeg")
    raw = mne.io.RawArray(pieces(), info, verbose="error")
    flashes = mne.Annotations(ONSETS, 0.0, "flash")
    return saved(raw.set_annotations(flashes + mne.Annotations(*zip(*marks, strict=True))), folder)


def concatenated(folder):
    """MNE marks the joint by BAD boundary and EDGE boundary, of no length."""
    info = mne.create_info(NAMES, SFREQ, "eeg")
    at = round(JOINT_S * SFREQ)
    parts = [mne.io.RawArray(p, info, verbose="error") for p in np.split(pieces(), [at], axis=1)]
    raw = mne.concatenate_raws(parts, verbose="error")
    raw.set_annotations(raw.annotations + mne.Annotations(ONSETS, 0.0, "flash"))
    assert {"BAD boundary", "EDGE boundary"} < set(raw.annotations.description)
    return saved(raw, folder)


def eeglab(folder):
    # The boundary lies half a sample before the first of the new piece, counted from 1; its
    # duration is what was cut out: 5 s.
    events = [("flash", onset * SFREQ + 1, 0.0) for onset in ONSETS]
    events.append(("boundary", JOINT_S * SFREQ + 0.5, 5 * SFREQ))
    return write_eeglab(folder / "mine.set", pieces(), NAMES, SFREQ, events=events)


def brainvision(folder):
    markers = [("New Segment", "", 0), ("New Segment", "", round(JOINT_S * SFREQ))]
    markers += [("Comment", "flash", round(onset * SFREQ)) for onset in ONSETS]
    return write_brainvision(folder, pieces(), NAMES, SFREQ, markers=markers)


KINDS = {
    "EDF+D": lambda folder: edf(folder, 10.0),
    "EDF+D, a gap of 0.1 s": lambda folder: edf(folder, 0.1),
    "concatenated": concatenated,
    "EEGLAB": eeglab,
    "BrainVision": brainvision,
    "a BAD of no length": lambda folder: fif(folder, [(JOINT_S, 0.0, "bad pause")]),
}


def cut(path, **options):
    settings = RecordingSettings(str(path), **options)
    found = read_stretches(path, NAMES, settings, sfreq=250.0, shortest_s=0.2)
    return cut_windows(found, NAMES, settings, name="mine", sfreq=250.0, window_s=0.2)


def steps(data):
    return {entry["step"]: entry for entry in json.loads(data.attrs["account"])}


@pytest.mark.parametrize("kind", KINDS)
def test_no_epoch_crosses_a_break(tmp_path, kind):
    path = KINDS[kind](tmp_path)
    check_header(path, NAMES, RecordingSettings(str(path), events="flash"))
    data = cut(path, events="flash", baseline_s=(-0.2, 0))
    times, values = series(data)
    truth = np.outer(referenced(), wave(times, np.zeros(1)))
    # A step of up to 1.8 mV is 450 times the response: filtered across it, or 10 s off, no wave of
    # 4 microvolts is left.
    np.testing.assert_allclose(values, truth, atol=TOLERANCE)
    assert data.attrs["averaged"] == len(ONSETS) - 1 and data.attrs["epochs_lost"] == 1
    assert steps(data)["epochs left out"]["what"].startswith("1 of 20: ")
    assert steps(data)["filter"]["what"] == "above 0.5 Hz, each of 2 unbroken stretches by itself"


@pytest.mark.parametrize("kind", KINDS)
def test_no_window_crosses_a_break(tmp_path, kind):
    data = cut(KINDS[kind](tmp_path), step_s=0.1)
    starts = data["start"].values
    behind = JOINT_S + {"EDF+D": 10.0, "EDF+D, a gap of 0.1 s": 0.1}.get(kind, 0.0)
    assert not ((starts > JOINT_S - 0.2 + 0.005) & (starts < behind - 0.005)).any()
    assert starts.max() == pytest.approx(behind + 15.8, abs=0.005)
    onsets = ONSETS + np.where(ONSETS < JOINT_S, 0, behind - JOINT_S)
    windows = data["eeg"].values
    for start, window in zip(starts, windows, strict=True):
        truth = np.outer(referenced(), wave(start + np.arange(50) / 250, onsets))
        # Next to a break the filter knows one side only.
        np.testing.assert_allclose(window, truth, atol=3 * TOLERANCE)


def test_times_of_edf_records_are_read(tmp_path):
    records = read_edf_records(edf(tmp_path, 10.0))
    np.testing.assert_allclose(records.starts_s, np.arange(32) + 10 * (np.arange(32) >= 16))
    assert [one.onset_s for one in records.marks][-1] == ONSETS[-1] + 10
    # Latin-1, as older programs write, and words for a single channel.
    notes = [(1.0, 0, "Öffnen".encode("latin-1")), (2.0, 1.5, b"BAD@@C3")]
    path = write_edf(tmp_path / "old.edf", pieces(), NAMES, SFREQ, notes=notes, kind="EDF+C")
    marks = read_edf_records(path).marks
    assert [(m.onset_s, m.duration_s, m.text, m.channels) for m in marks] == [
        (1.0, 0.0, "Öffnen", ()),
        (2.0, 1.5, "BAD", ("C3",)),
    ]
    assert cut(path, events="Öffnen").attrs["averaged"] == 1


def test_a_recording_that_was_changed_since_it_was_opened(tmp_path):
    """Cut or annotated in memory: its own times count, not those of its file."""
    notes = [(onset, 0, b"flash") for onset in ONSETS]
    path = write_edf(tmp_path / "whole.edf", pieces(), NAMES, SFREQ, notes=notes, kind="EDF+C")
    raw = mne.io.read_raw_edf(path, preload=True, verbose="error").crop(4.0)
    raw.annotations.append(6.0, 1.0, "BAD", ch_names=None)
    timeline, marks = timeline_of(raw)
    assert timeline.end_s == pytest.approx(28 - 1 / SFREQ)
    flashes = [one.onset_s for one in marks if one.text == "flash"]
    np.testing.assert_allclose(flashes, ONSETS[ONSETS >= 4] - 4)
    assert any(one.is_bad for one in marks)
    # Of a file with gaps MNE's times are wrong from the first gap on.
    gapped = mne.io.read_raw_edf(edf(tmp_path, 10.0), preload=True, verbose="error")
    assert len(timeline_of(gapped)[0].gaps()[0]) == 1
    for changed in (gapped.copy().crop(4.0), gapped):
        changed.annotations.append(5.0, 1.0, "BAD new")
        with pytest.raises(UserError, match="mine.edf: it has gaps in time"):
            timeline_of(changed)


def test_records_that_go_back_in_time_are_refused(tmp_path):
    path = edf(tmp_path, -3.0)
    with pytest.raises(
        UserError, match=r"mine.edf: its data record 17 begins at 13 s, before"
    ) as e:
        check_header(path, NAMES, RecordingSettings(str(path)))
    assert "\n" not in str(e.value)


def test_bad_spans_are_cut_out_before_anything_is_filtered(tmp_path):
    """A movement of 50 mV, and values that are not numbers, leave no trace beside their span."""
    raw = recording()
    data = raw.get_data()
    inside = (raw.times >= 10) & (raw.times < 12)
    data[:, inside] += 0.05
    data[2, (raw.times > 10.5) & (raw.times < 11)] = np.nan
    marked = mne.Annotations([10.0], [2.0], ["BAD movement"])
    dirty = mne.io.RawArray(data, raw.info, verbose="error")
    dirty.set_annotations(raw.annotations + marked)
    clean = raw.copy().set_annotations(raw.annotations + marked)
    found = cut(saved(dirty, tmp_path))
    expected = cut(saved(clean, tmp_path, "clean_raw.fif"))
    np.testing.assert_allclose(found["eeg"].values, expected["eeg"].values, atol=1e-12)
    assert found.attrs["seconds_lost"] == pytest.approx(2)
    assert steps(found)["marked as bad"]["what"] == "1 span of 2.000 s together are left out"
    averaged = cut(saved(dirty, tmp_path), events="flash")
    # Events at 10 and 11.5 s; that of 8.5 s ends, and that of 13 s begins, beside the span.
    assert steps(averaged)["epochs left out"]["what"] == "2 of 20: on what is marked as bad"


def test_values_that_are_no_numbers_are_refused_with_their_time(tmp_path):
    raw = recording()
    raw.apply_function(lambda x: np.where(np.arange(len(x)) == 900, np.nan, x), picks=["C4"])
    with pytest.raises(UserError, match="not finite, the first in C4 at 1.800 s"):
        cut(saved(raw, tmp_path))


def test_a_mark_of_a_channel_that_the_study_lacks_is_none(tmp_path):
    raw = recording()
    for channel, lost in (("EOG1", 0), ("C3", 2)):
        marked = mne.Annotations([10.0], [2.0], ["BAD"], ch_names=[[channel]])
        raw.set_annotations(mne.Annotations(ONSETS, 0.0, "flash") + marked)
        assert cut(saved(raw, tmp_path)).attrs["seconds_lost"] == pytest.approx(lost)


@pytest.mark.parametrize("dated", [True, False])
def test_times_count_from_the_first_sample_of_a_file(tmp_path, dated):
    """A file cut out of a longer one, as MNE saves it, with the times of the longer one."""
    raw = recording()
    if dated:
        raw.set_meas_date(1_000_000)
    marked = mne.Annotations([10.0], [2.0], ["BAD"], orig_time=raw.annotations.orig_time)
    raw.set_annotations(raw.annotations + marked)
    data = cut(saved(raw.crop(2.5), tmp_path), events="flash", average=False)
    assert data.attrs["seconds_lost"] == pytest.approx(2)
    # Of 20 events that of 1 s is cut off, that of 2.5 s has no baseline, two are marked.
    assert data["epoch"].values.max() == 16 - 1
    mean = cut(tmp_path / "mine_raw.fif", events="flash", baseline_s=(-0.2, 0))
    times, values = series(mean)
    truth = np.outer(referenced(), wave(times, np.zeros(1)))
    np.testing.assert_allclose(values, truth, atol=TOLERANCE)


def test_stretches_under_a_second_are_counted(tmp_path):
    path = fif(tmp_path, [(20.0, 0.5, "BAD"), (21.0, 0.25, "BAD"), (5.0, 0.0, "EDGE boundary")])
    data = cut(path)
    assert steps(data)["too short"]["what"].startswith("1 stretch under 1 s, 0.500 s together")
    assert data.attrs["seconds_lost"] == pytest.approx(1.25)
    assert steps(data)["edges"]["what"] == "1 edge where pieces were joined: nothing crosses them"


def test_a_drift_is_taken_out_before_amplitudes_are_judged(tmp_path):
    """100 mV over the recording: electrode potentials of a DC amplifier."""
    raw = recording()
    drift = 0.1 * raw.times / raw.times[-1]
    raw.apply_function(lambda x: x + drift, picks=["Cz"])
    data = cut(saved(raw, tmp_path), events="flash", baseline_s=(-0.2, 0))
    times, values = series(data)
    truth = np.outer(referenced(), wave(times, np.zeros(1)))
    np.testing.assert_allclose(values, truth, atol=TOLERANCE)
    events, _ = mne.events_from_annotations(raw, verbose="error")
    path = tmp_path / "mine-epo.fif"
    mne.Epochs(raw, events, {"flash": 1}, baseline=None, verbose="error").save(path)
    times, values = series(cut(path, events="flash", tmin_s=-0.2, tmax_s=0.5, baseline_s=(-0.2, 0)))
    # Without a filter 3 mV/s are left: of the baseline's middle to the end 0.6 s.
    assert np.abs(values[1, times < 0]).max() < 5e-4


def test_the_electrode_of_the_reference_may_be_zero(tmp_path):
    """As mne.add_reference_channels leaves it; the average reference gives it its signal."""
    raw = recording(noise=1e-6)
    against = raw.get_data(picks=["Fz"])
    raw.apply_function(lambda x: x - against[0], picks="eeg")
    raw.drop_channels(["Fz"])
    mne.add_reference_channels(raw, "Fz", copy=False)
    data = cut(saved(raw, tmp_path), events="flash", baseline_s=(-0.2, 0))
    assert steps(data)["reference"]["channels"] == ["Fz"]
    assert "Fz is zero throughout" in steps(data)["reference"]["what"]
    times, values = series(data)
    truth = np.outer(TOPOGRAPHY - TOPOGRAPHY.mean(), wave(times, np.zeros(1)))
    # Noise of 1 microvolt, 20 epochs.
    np.testing.assert_allclose(values, truth, atol=TOLERANCE + 5e-6 / np.sqrt(20))
    # Two zeros are two dead electrodes; one in average reference is a dead one too.
    raw.apply_function(lambda x: 0 * x, picks=["Pz"])
    with pytest.raises(UserError, match="Fz, Pz are flat"):
        cut(saved(raw, tmp_path))
    raw = recording(noise=1e-6)
    raw.apply_function(lambda x: 0 * x, picks=["Fz"])
    others = [name for name in NAMES if name != "Fz"]
    mean = raw.get_data(picks=others).mean(axis=0)
    raw.apply_function(lambda x: x - mean, picks=others)
    with pytest.raises(UserError, match="Fz are flat"):
        cut(saved(raw, tmp_path))
