"""EEG as MNE-Python has it, with its electrodes' places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

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


def sphere_centre(points: np.ndarray) -> np.ndarray:
    """Return the centre of the sphere that fits points best.

    Parameters
    ----------
    points : ndarray of shape (N, 3)
        Points, four at least.

    Returns
    -------
    ndarray of shape (3,)
        Centre, in the points' unit.
    """
    # |p|^2 = 2 c p + (r^2 - |c|^2) is linear in c.
    middle = points.mean(axis=0)
    near = points - middle
    terms = np.column_stack([2 * near, np.ones(len(near))])
    solution, *_ = np.linalg.lstsq(terms, (near**2).sum(axis=1), rcond=None)
    centre: np.ndarray = middle + solution[:3]
    return centre
