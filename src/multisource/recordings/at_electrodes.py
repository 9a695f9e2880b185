"""EEG as MNE-Python has it, with its electrodes' places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from multisource.geometry.spheres import sphere_centre

if TYPE_CHECKING:
    import mne


def raw_at(
    eeg: np.ndarray, sfreq: float, channels: Sequence[str], positions: np.ndarray
) -> mne.io.RawArray:
    """Put EEG and places together.

    Parameters
    ----------
    eeg : ndarray of shape (E, T)
        In V; copied.
    sfreq : float
        Sampling rate in Hz.
    channels : sequence of str
        Names of the E channels.
    positions : ndarray of shape (E, 3)
        Where the electrodes are, mm; axes to the right, front and top.

    Returns
    -------
    mne.io.RawArray
        With places from the middle of the sphere that fits them best.
    """
    import mne

    raw = mne.io.RawArray(
        eeg.copy(), mne.create_info(list(channels), sfreq, "eeg"), verbose="error"
    )
    places = 1e-3 * (positions - sphere_centre(positions))
    montage = mne.channels.make_dig_montage(
        dict(zip(channels, places, strict=True)), coord_frame="head"
    )
    return raw.set_montage(montage, verbose="error")
