"""What is cleaned of a recording, bad channels, hum, loud epochs: each step tells what it did."""

import mne
import numpy as np
import pytest
from recordings_case import saved

from multisource.errors import UserError
from multisource.recordings.check import check_header
from multisource.recordings.settings import RecordingSettings
from multisource.recordings.stretches import read_stretches
from multisource.recordings.windows import cut_windows

NAMES = (
    "Fp1 Fp2 F7 F3 Fz F4 F8 FC5 FC1 FC2 FC6 T7 C3 Cz C4 T8 CP5 CP1 CP2 CP6 P7 P3 Pz P4 P8 O1 O2"
).split()
MONTAGE = mne.channels.make_standard_montage("colin27_1005").get_positions()["ch_pos"]
PLACES = 1e3 * np.array([MONTAGE[name] for name in NAMES])
SFREQ = 250.0
SECONDS = 20


def eeg(seed=0):
    """Smooth fields, as dipoles deep in the head have: products of the electrodes' directions."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(SECONDS * SFREQ)) / SFREQ
    unit = PLACES - PLACES.mean(axis=0)
    x, y, z = (unit / np.linalg.norm(unit, axis=1, keepdims=True)).T
    fields = np.array([x, y, z, x * y, y * z, x * z, x**2 - y**2, 3 * z**2 - 1])
    rates = rng.uniform(3, 20, len(fields))
    waves = np.sin(2 * np.pi * rates[:, None] * times + rng.uniform(0, 6, (len(fields), 1)))
    return 1e-5 * fields.T @ waves + 3e-7 * rng.standard_normal((len(NAMES), len(times)))


def write(folder, data, *, bads=(), names=None):
    raw = mne.io.RawArray(data, mne.create_info(names or NAMES, SFREQ, "eeg"), verbose="error")
    raw.info["bads"] = list(bads)
    onsets = 0.5 + np.arange(SECONDS - 1)
    return saved(raw.set_annotations(mne.Annotations(onsets, 0.0, "flash")), folder)


def read(path, **options):
    settings = RecordingSettings(str(path), **options)
    check_header(path, NAMES, settings)
    return read_stretches(path, NAMES, settings, sfreq=SFREQ, shortest_s=0.2, positions=PLACES)


def told(found):
    return [f"{one.step}: {one.what}" for one in found.account.entries]


def table(folder, bad):
    rows = [f"{name}\tEEG\t{'bad' if name in bad else 'good'}\n" for name in [*NAMES, "VEOG"]]
    (folder / "channels.tsv").write_text("name\ttype\tstatus\n" + "".join(rows))
    return str(folder / "channels.tsv")


@pytest.mark.parametrize("known", ["names", "table", "marked"])
def test_known_bad_channels_are_interpolated(tmp_path, known):
    """A dead channel and one of 1 mV of noise; the splines give what the field is there."""
    truth = read(write(tmp_path, eeg())).parts[0]
    data = eeg()
    bad = ["FC1", "CP6"]
    data[NAMES.index("FC1")] = 0
    data[NAMES.index("CP6")] += 1e-3 * np.random.default_rng(1).standard_normal(data.shape[1])
    path = write(tmp_path, data, bads=bad if known == "marked" else ())
    asked = {"names": ("fc1", "CP6"), "table": table(tmp_path, bad), "marked": "marked"}[known]
    found = read(path, bad_channels=asked)
    assert "interpolated: FC1, CP6, by spherical splines" in told(found)
    error = (found.parts[0] - truth).std(axis=1) / truth.std(axis=1)
    rows = [NAMES.index(name) for name in bad]
    # The neighbours are 30 mm away; fields of the second order turn within some 60 mm.
    assert error[rows].max() < 0.35
    # The others have lost nothing but a part of the average's error.
    assert np.delete(error, rows).max() < 0.05


def test_bad_channels_are_found(tmp_path):
    data = eeg()
    clean = read(write(tmp_path, data), bad_channels="auto")
    assert "bad channels: found: none" in told(clean)
    data[NAMES.index("T8")] = 5e-6  # nothing but an offset
    data[NAMES.index("Fz")] *= 1e3
    data[NAMES.index("C3")] = eeg(seed=9)[NAMES.index("C3")]  # of another head
    data[NAMES.index("P3")] += 2e-5 * np.random.default_rng(1).standard_normal(data.shape[1])
    found = read(write(tmp_path, data, bads=["O2"]), bad_channels="auto")
    lines = told(found)
    assert "bad channels: known: O2" in lines
    words = "found: Fz (above 5 mV rms); C3 (like no other); T8 (flat); P3 (noisy above 50 Hz)"
    assert f"bad channels: {words}" in lines
    assert "interpolated: Fz, C3, T8, P3, O2, by spherical splines" in lines
    # What was found by name is the same as what is named.
    named = read(tmp_path / "mine_raw.fif", bad_channels=("Fz", "T8", "C3", "P3"))
    np.testing.assert_array_equal(found.parts[0], named.parts[0])


def test_hum_is_filtered_out(tmp_path):
    data = eeg()
    times = np.arange(data.shape[1]) / SFREQ
    hum = sum(2e-5 * np.sin(2 * np.pi * hz * times) for hz in (50, 100))
    clean = read(write(tmp_path, data)).parts[0]
    path = write(tmp_path, data + np.linspace(0.5, 1.5, len(NAMES))[:, None] * hum)
    found = read(path, notch_hz=(50.0, 100.0))
    assert "without 50 and 100 Hz" in next(line for line in told(found) if "filter" in line)
    # Up to a second from the ends, where a notch of 1.7 Hz rings.
    inside = slice(250, -250)
    rest = (found.parts[0] - clean)[:, inside]
    assert rest.std() < 0.02 * clean.std() and read(path).parts[0].std() > 1.1 * clean.std()


def test_loud_epochs_and_windows_are_left_out_and_counted(tmp_path):
    data = eeg()
    blink = 2e-4 * np.exp(-0.5 * ((np.arange(data.shape[1]) / SFREQ - 5.6) / 0.05) ** 2)
    data[:2] += blink
    path = write(tmp_path, data)
    found = read(path, events="flash", reject_uv=150.0)
    assert found.averaged == 18 and found.account.epochs_lost == 1
    assert any(line.startswith("rejected: 1 epoch of 19 above 150") for line in told(found))
    assert any("most often Fp1 1 time, Fp2 1 time" in line for line in told(found))
    settings = RecordingSettings(str(path), reject_uv=150.0)
    windows = cut_windows(read(path), NAMES, settings, name="mine", sfreq=SFREQ, window_s=0.2)
    starts = windows["start"].values
    assert (
        0 < windows.attrs["seconds_lost"] < 0.7
        and np.ptp(windows["eeg"].values, axis=2).max() < 150e-6
    )
    assert len(starts) == 100 - round(windows.attrs["seconds_lost"] / 0.2)
    assert not ((starts > 5.41) & (starts < 5.59)).any()
    with pytest.raises(UserError, match=r"reject_uv 1: each epoch exceeds it .* the median is \d+"):
        read(path, events="flash", reject_uv=1.0)


REFUSED = [
    ({"bad_channels": ("FC1", "FC99")}, "bad_channels: 'FC99' is no channel of the study"),
    ({"bad_channels": tuple(NAMES[:10])}, "10 of 27 channels are bad"),
    ({"notch_hz": (50.0, 150.0)}, "notch_hz 150: at 250 Hz it has nothing from 125 Hz on"),
]


@pytest.mark.parametrize(("options", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_cannot_be_cleaned_is_refused_before_any_job(tmp_path, options, words):
    path = write(tmp_path, eeg())
    with pytest.raises(UserError, match=words) as caught:
        check_header(path, NAMES, RecordingSettings(str(path), **options))
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
