"""Writes sep-ave.fif, sep_electrodes.tsv and sep_channels.tsv from the data of the package spharapy.

    pip install --no-deps spharapy==1.3.0
    python resources/real-eeg/make_sep.py

An average SEP of the median nerve (256 channels, 2048 Hz) that the package ships. Channels are named
E1 to E256 by their row: the labels of the package do not follow its positions. Nothing is filtered,
shifted or left out.
"""

from __future__ import annotations

from pathlib import Path

import mne
import numpy as np
from spharapy.datasets import load_eeg_256_channel_study

FOLDER = Path(__file__).parent
SFREQ = 2048.0
FIRST = -102  # sample of the first value: 50 ms before the stimulus
STIMULI = 6000  # of which those without artefacts were averaged; their number is not told
USED = 64  # electrodes of the study,
RIM_MM = 30.0  # of those above this height, which leaves out neck, ears and cheeks


def spread(positions: np.ndarray, count: int) -> np.ndarray:
    """Choose points that lie apart: from the topmost on, always the one farthest from the chosen.

    Parameters
    ----------
    positions : ndarray of shape (E, 3)
        Points, mm.
    count : int
        How many.

    Returns
    -------
    ndarray of bool, shape (E,)
        Which are chosen.
    """
    chosen = np.zeros(len(positions), bool)
    chosen[positions[:, 2].argmax()] = True
    while chosen.sum() < count:
        apart = np.linalg.norm(positions[:, None] - positions[chosen], axis=2).min(axis=1)
        chosen[apart.argmax()] = True
    return chosen


def main() -> None:
    """Write the three files."""
    study = load_eeg_256_channel_study()
    positions, microvolts = np.array(study["vertlist"]), np.array(study["eegdata"])
    names = [f"E{k + 1}" for k in range(len(positions))]
    info = mne.create_info(names, SFREQ, "eeg")
    average = mne.EvokedArray(
        1e-6 * microvolts, info, tmin=FIRST / SFREQ, comment="median nerve", nave=STIMULI
    )
    average.save(FOLDER / "sep-ave.fif", overwrite=True, verbose="error")
    rows = [f"{n}\t{x:g}\t{y:g}\t{z:g}\n" for n, (x, y, z) in zip(names, positions, strict=True)]
    (FOLDER / "sep_electrodes.tsv").write_text("name\tx\ty\tz\n" + "".join(rows))
    above = np.flatnonzero(positions[:, 2] > RIM_MM)
    used = np.zeros(len(positions), bool)
    used[above[spread(positions[above], USED)]] = True
    rows = [f"{name}\t{'yes' if one else 'no'}\n" for name, one in zip(names, used, strict=True)]
    (FOLDER / "sep_channels.tsv").write_text("name\tused\n" + "".join(rows))


if __name__ == "__main__":
    main()
