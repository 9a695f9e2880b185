"""A user's EEG is read as it was recorded: channels, units, times, events; or refused by name."""

import struct

import mne
import numpy as np
import pytest
from recordings_case import NAMES, ONSETS, SFREQ, recording, referenced, saved, wave

from multisource.errors import UserError
from multisource.recordings.events import choose_events
from multisource.recordings.matching import match_channels
from multisource.recordings.reading import open_raw
from multisource.recordings.settings import RecordingSettings, recording_settings
from multisource.recordings.stretches import read_stretches
from multisource.recordings.windows import cut_windows, series, strength
from multisource.simulation.chunks import read_chunks, write_chunk

# A high-pass of 0.5 Hz takes the mean of a bump of 50 ms in 1.5 s, and a little around it: 4 % of
# the peak; a wrong channel, sign, unit or delay misses by more than 50 %.
TOLERANCE = 0.05 * np.abs(referenced()).max()


def read(path, sfreq=250.0, window_s=0.2, **options):
    settings = RecordingSettings(str(path), **options)
    return read_stretches(path, NAMES, settings, sfreq=sfreq, shortest_s=window_s)


def cut(path, sfreq=250.0, window_s=0.2, **options):
    settings = RecordingSettings(str(path), **options)
    found = read_stretches(path, NAMES, settings, sfreq=sfreq, shortest_s=window_s)
    return cut_windows(found, NAMES, settings, name="mine", sfreq=sfreq, window_s=window_s)


def expected(data):
    """The evoked potential in the samples of the windows, by average reference."""
    times, values = series(data)
    return np.outer(referenced(), wave(times, np.zeros(1))), values


def test_average_of_events_has_the_channels_order_and_unit_of_the_study(tmp_path):
    data = cut(saved(recording(), tmp_path), events="flash", baseline_s=(-0.2, 0))
    truth, values = expected(data)
    np.testing.assert_allclose(values, truth, atol=TOLERANCE)
    assert data.attrs["averaged"] == len(ONSETS) and data.attrs["recorded_sfreq"] == SFREQ
    # -0.2 to 0.6 s in steps of a quarter of a window, in whole samples.
    starts = data["start"].values
    assert np.diff(starts) == pytest.approx(0.048) and starts[0] == -0.2
    assert 0.4 - 0.048 < starts[-1] <= 0.4


def test_epochs_are_kept_apart_where_they_are_not_averaged(tmp_path):
    data = cut(saved(recording(), tmp_path), events="flash", average=False)
    truth, values = expected(data)
    assert data.sizes["sample"] == 4 * len(ONSETS)  # consecutive windows of 0.2 s
    assert set(data["epoch"].values) == set(range(len(ONSETS)))
    # No baseline is subtracted from what the high-pass leaves of the one before.
    np.testing.assert_allclose(values, truth, atol=2 * TOLERANCE)


def test_a_slower_recording_is_brought_to_the_rate_of_the_study(tmp_path):
    raw = recording(sfreq=128.0)
    truth, values = expected(cut(saved(raw, tmp_path), events="flash"))
    # An event lies up to half of the study's 4 ms off its sample: a bump of 20 ms, 6 % at most.
    np.testing.assert_allclose(values, truth, atol=2 * TOLERANCE)


@pytest.mark.parametrize("kind", ["stimulus", "epochs", "average"])
def test_other_kinds_of_files_give_the_same(tmp_path, kind):
    raw = recording()
    events, _ = mne.events_from_annotations(raw, verbose="error")
    if kind == "stimulus":
        codes = np.zeros((1, raw.n_times))
        codes[0, events[:, 0]] = 7
        info = mne.create_info(["STI"], SFREQ, "stim")
        raw.add_channels([mne.io.RawArray(codes, info, verbose="error")], force_update_info=True)
        raw.set_annotations(None)
        path, event = saved(raw, tmp_path), "7"
    else:
        window = {"tmin": -0.2, "tmax": 0.6, "baseline": None, "preload": True}
        epochs = mne.Epochs(raw, events, {"flash": 1}, verbose="error", **window)
        path, event = tmp_path / "mine-epo.fif", "flash"
        if kind == "average":
            path = tmp_path / "mine-ave.fif"
            epochs = epochs.average()
            epochs.comment = "flash"
        epochs.save(path, overwrite=True, verbose="error")
    data = cut(path, events=event, baseline_s=(-0.2, 0))
    truth, values = expected(data)
    np.testing.assert_allclose(values, truth, atol=TOLERANCE)
    assert data.attrs["averaged"] == len(ONSETS)


def test_whole_recording_is_cut_on_a_grid_that_leaves_out_what_is_bad(tmp_path):
    raw = recording()
    raw.set_annotations(raw.annotations + mne.Annotations([9.9], [2.0], ["BAD blink"]))
    data = cut(saved(raw, tmp_path), tmin_s=4.0, tmax_s=20.0)
    starts = data["start"].values
    assert starts[0] == 4 and starts.max() == pytest.approx(19.8)
    steps = (starts - 4) / 0.2
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)
    # No window touches 9.9 to 11.9 s, all others are there.
    assert not ((starts > 9.7 + 1e-6) & (starts < 11.9 - 1e-6)).any() and len(starts) == 80 - 11
    times, values = series(data)
    truth = np.outer(referenced(), wave(times, ONSETS))
    inside = np.isfinite(values[0])
    assert (~inside).sum() == pytest.approx(11 * 50, abs=1)
    # Filtered from one bad span to the next, a segment begins less exactly.
    np.testing.assert_allclose(values[:, inside], truth[:, inside], atol=3 * TOLERANCE)


def test_windows_are_chunks_without_a_truth(tmp_path):
    data = cut(saved(recording(), tmp_path), events="flash", step_s=0.2)
    write_chunk(tmp_path / "windows.nc", data)
    back = read_chunks([tmp_path / "windows.nc"])
    np.testing.assert_array_equal(back["eeg"].values, data["eeg"].values)
    assert list(back["channel"].values) == NAMES and back.sizes["active"] == 0
    # The bump, at 0.1 s, makes the window of 0 to 0.2 s the strongest.
    assert back["start"].values[strength(back).argmax()] == 0


def test_band_passes_what_it_says(tmp_path):
    raw = recording(onsets=np.zeros(0), noise=1e-7)
    times = raw.times
    slow, fast = np.sin(2 * np.pi * 8 * times), np.sin(2 * np.pi * 60 * times)
    raw.apply_function(lambda x: x + 1e-5 * (slow + fast), picks=["Cz"])
    data = cut(saved(raw, tmp_path), tmin_s=10, tmax_s=20, band_hz=(2, 30))
    values = series(data)[1][NAMES.index("Cz")]
    # A Butterworth filter of second order, there and back: 1 and (30/60)^4 = 1/16, by the
    # bilinear transform less; the average reference leaves 5/6 of a single channel.
    spectrum = np.abs(np.fft.rfft(values)) * 2 / len(values) / (1e-5 * 5 / 6)
    frequency = np.fft.rfftfreq(len(values), 1 / 250)
    assert spectrum[np.isclose(frequency, 8)] == pytest.approx(1, abs=0.02)
    assert spectrum[np.isclose(frequency, 60)] < 1 / 16


def test_names_that_amplifiers_write_are_understood():
    own = ["EEG Fp1-REF", "T3", "Fc5.", "CZ", "ECG"]
    wanted = ["Cz", "FC5", "T7", "Fp1"]
    assert match_channels(own, wanted, name="x") == ["CZ", "Fc5.", "T3", "EEG Fp1-REF"]


def test_events_are_found_by_the_part_that_users_know():
    known = ["Stimulus/S  1", "Stimulus/S 11", "Response/R  1", "New Segment/"]
    assert choose_events(known, "S 1", name="x") == ["Stimulus/S  1"]
    assert choose_events(known, "Response/R  1", name="x") == ["Response/R  1"]
    # Several are taken together, as mne.Epochs does.
    assert choose_events(known, "Stimulus", name="x") == known[:2]
    with pytest.raises(UserError, match="no event is called 'Stim'"):
        choose_events(known, "Stim", name="x")


def flat(raw):
    raw.apply_function(lambda x: 0 * x + 1e-5, picks=["C4"])


def not_finite(raw):
    raw.apply_function(lambda x: np.where(np.arange(len(x)) == 900, np.nan, x), picks=["C4"])


REFUSED = [
    (lambda raw: raw.drop_channels(["Cz", "Oz"]), {}, "lacks the channel.s. Cz, Oz; it has EOG1"),
    (lambda raw: raw.info["bads"].append("Oz"), {}, "channel.s. Oz are marked as bad"),
    (flat, {}, "C4 are flat"),
    (not_finite, {}, "not finite"),
    (lambda raw: raw.apply_function(lambda x: 1e6 * x), {}, "above 5 mV rms"),
    (lambda raw: raw.apply_function(lambda x: 1e-6 * x), {}, "file's unit is wrong"),
    (lambda raw: None, {"events": "flesh"}, "no event is called 'flesh'; the file has 'flash'"),
    (lambda raw: None, {"events": "flash", "tmax_s": 40.0}, "none of the 20 events 'flash' has"),
    (lambda raw: None, {"events": "flash", "baseline_s": (-0.5, 0)}, "baseline_s .* not inside"),
    (lambda raw: None, {"tmin_s": 99.0}, "ends after 32.0 s; tmin_s 99 s is too late"),
    (lambda raw: raw.crop(0, 0.5), {}, "usable data are too short; give at least 1 s"),
    (lambda raw: None, {"events": "flash", "tmin_s": 0, "tmax_s": 0.1}, "too short for a window"),
]


@pytest.mark.parametrize(("change", "options", "words"), REFUSED, ids=[w for *_, w in REFUSED])
def test_bad_recordings_are_refused_by_name(tmp_path, change, options, words):
    raw = recording(noise=1e-6)
    change(raw)
    with pytest.raises(UserError, match=f"mine_raw.fif: {words}|mine_raw.fif: .*{words}") as caught:
        read(saved(raw, tmp_path), **options)
    assert "\n" not in str(caught.value)


def test_too_many_windows_are_refused(tmp_path):
    path = saved(recording(noise=1e-6), tmp_path)
    with pytest.raises(UserError, match=r"recordings.mine: \d+ windows; choose .* larger step_s"):
        cut(path, sfreq=500.0, step_s=0.002)


def test_entries_of_the_configuration_become_settings():
    settings = recording_settings({"file": "a.edf", "events": 7, "band_hz": [1, 30]})
    assert settings == RecordingSettings("a.edf", events="7", band_hz=(1, 30))


def test_a_fif_file_without_end_is_refused(tmp_path):
    """MNE follows the chain of parts for ever where damage makes it a circle."""
    path = saved(recording(seconds=2.0, onsets=[1.0]), tmp_path)
    content = bytearray(path.read_bytes())
    (size,) = struct.unpack(">i", content[8:12])
    second = 16 + size  # where the first part ends
    content[second + 12 : second + 16] = struct.pack(">i", second)
    path.write_bytes(bytes(content))
    with pytest.raises(UserError, match=f"in a circle at byte {second}; copy the file again"):
        open_raw(path)
