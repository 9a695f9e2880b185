"""Blinks are taken out by independent components, and the brain stays."""

import mne
import numpy as np
import pytest
from recordings_case import saved
from test_recordings_cleaning import NAMES, PLACES, SFREQ, told

from multisource.errors import UserError
from multisource.geometry.spheres import sphere_centre
from multisource.leadfield.sphere import sphere_leadfield
from multisource.recordings.settings import RecordingSettings
from multisource.recordings.stretches import read_stretches

SECONDS = 24


def brain(rng):
    """Sixty dipoles with rhythms of their own in a sphere of three layers."""
    radii = np.array([80.0, 86.0, 92.0])
    directions = rng.standard_normal((60, 3))
    dipoles = 65 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    gain = sphere_leadfield(
        PLACES - sphere_centre(PLACES),
        dipoles,
        radii=radii,
        conductivities=np.array([0.33, 0.01, 0.33]),
    )
    radial = np.einsum("end,nd->en", gain.reshape(len(NAMES), -1, 3), dipoles / 65)
    noise = rng.standard_normal((60, round(SECONDS * SFREQ)))
    frequency = np.fft.rfftfreq(noise.shape[1], 1 / SFREQ)
    centre = rng.uniform(4, 25, (60, 1))
    shape = 1 / (1 + frequency) + 0.5 * np.exp(-0.5 * ((frequency - centre) / 1.5) ** 2)
    sources = np.fft.irfft(shape * np.fft.rfft(noise), noise.shape[1])
    eeg = radial @ sources
    return 1e-5 * eeg / eeg.std() + 2e-7 * rng.standard_normal(eeg.shape)


def blinks(rng):
    """Two eyes whose front is positive; the lid slides over it for a quarter of a second."""
    middle = sphere_centre(PLACES)
    field = np.zeros(len(NAMES))
    for side in (-32.0, 32.0):
        away = PLACES - (middle + [side, 70.0, -45.0])
        field += away @ [0.0, 0.6, 0.8] / np.linalg.norm(away, axis=1) ** 3
    times = np.arange(round(SECONDS * SFREQ)) / SFREQ
    onsets = 1 + 3.0 * np.arange(8) + rng.uniform(-0.5, 1, 8)
    course = np.exp(-0.5 * ((times[:, None] - onsets) / 0.07) ** 2).sum(axis=1)
    return 1.5e-4 * np.outer(field / np.abs(field).max(), course)


@pytest.mark.slow
def test_blinks_are_taken_out_and_the_brain_stays(tmp_path):
    rng = np.random.default_rng(3)
    clean, eyes = brain(rng), blinks(rng)
    info = mne.create_info(NAMES, SFREQ, "eeg")
    raw = mne.io.RawArray(clean + eyes, info, verbose="error")
    options = {"sfreq": SFREQ, "shortest_s": 0.2, "positions": PLACES}
    path = saved(raw, tmp_path)
    kept = read_stretches(path, NAMES, RecordingSettings(str(path), ica=("eye",)), **options)
    line = next(line for line in told(kept) if line.startswith("components"))
    assert "eye blink" in line
    raw = mne.io.RawArray(clean, info, verbose="error")
    path = saved(raw, tmp_path, "clean_raw.fif")
    truth = read_stretches(path, NAMES, RecordingSettings(str(path)), **options).parts[0]
    blinked = np.abs(eyes[0]) > 5e-5
    before = (eyes - eyes.mean(axis=0))[:, blinked].std()
    after = (kept.parts[0] - truth)[:, blinked].std()
    assert after < 0.15 * before
    assert np.corrcoef(kept.parts[0].ravel(), truth.ravel())[0, 1] > 0.97


def test_too_little_eeg_for_components_is_refused(tmp_path):
    raw = mne.io.RawArray(
        brain(np.random.default_rng(0))[:, :400],
        mne.create_info(NAMES, SFREQ, "eeg"),
        verbose="error",
    )
    path = saved(raw, tmp_path)
    settings = RecordingSettings(str(path), ica=("eye",))
    with pytest.raises(
        UserError, match=r"mine_raw.fif: ica: 1.6 s of 26 channels .* needs 2 s and"
    ):
        read_stretches(path, NAMES, settings, sfreq=SFREQ, shortest_s=0.2, positions=PLACES)
