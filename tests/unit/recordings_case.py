"""Recordings of a known evoked potential, in the ways in which users have them."""

import mne
import numpy as np

NAMES = ["Fz", "Cz", "Pz", "Oz", "C3", "C4"]
TOPOGRAPHY = 1e-6 * np.array([1.0, 2.0, -1.0, -4.0, 3.0, 0.5])
ONSETS = 1.0 + 1.5 * np.arange(20)
SFREQ = 500.0


def wave(times, onsets):
    """A bump of 20 ms standard deviation, 0.1 s after each onset."""
    return np.exp(-0.5 * ((times[:, None] - onsets - 0.1) / 0.02) ** 2).sum(axis=1)


def recording(names=NAMES, *, seconds=32.0, sfreq=SFREQ, noise=0.0, onsets=ONSETS):
    """The evoked potential on every onset, annotated, with EOG and in another order."""
    times = np.arange(round(seconds * sfreq)) / sfreq
    rng = np.random.default_rng(0)
    eeg = np.outer(TOPOGRAPHY, wave(times, onsets)) + 3e-6  # a common reference's offset
    eeg += noise * rng.standard_normal(eeg.shape)
    order = [3, 0, 5, 2, 4, 1]
    data = np.vstack([1e-4 * rng.standard_normal(len(times)), eeg[order]])
    info = mne.create_info(["EOG1", *(names[k] for k in order)], sfreq, ["eog"] + ["eeg"] * 6)
    raw = mne.io.RawArray(data, info, verbose="error")
    return raw.set_annotations(mne.Annotations(onsets, 0.0, "flash"))


def saved(raw, folder, name="mine_raw.fif"):
    raw.save(folder / name, overwrite=True, verbose="error")
    return folder / name


def referenced(topography=TOPOGRAPHY):
    return topography - topography.mean()
