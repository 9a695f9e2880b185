"""Filters and resampling of EEG, stretch by stretch."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from scipy.signal import butter, iirnotch, resample_poly, sosfiltfilt, tf2sos

HIGHPASS_HZ = 0.5  # drifts below are electrode potentials, not brain
NOTCH_QUALITY = 30.0  # frequency over width: 1.7 Hz at 50 Hz


def filtered(
    segments: Sequence[np.ndarray],
    sfreq: float,
    band_hz: Sequence[float] | None = None,
    notch_hz: Sequence[float] = (),
) -> list[np.ndarray]:
    """Filter segments without a phase shift, each by itself.

    Parameters
    ----------
    segments : sequence of ndarray of shape (E, T_i)
        EEG in V.
    sfreq : float
        Sampling rate in Hz.
    band_hz : sequence of float, optional
        Lowest and highest frequency that pass; by default all above 0.5 Hz.
    notch_hz : sequence of float, optional
        Frequencies that do not pass.

    Returns
    -------
    list of ndarray of shape (E, T_i)
        Filtered EEG, V.
    """
    low, high = band_hz or (HIGHPASS_HZ, np.inf)
    if high < sfreq / 2:
        passing = butter(2, (low, high), "bandpass", fs=sfreq, output="sos")
    else:  # a slow recording has nothing above
        passing = butter(2, low, "highpass", fs=sfreq, output="sos")
    notches = [tf2sos(*iirnotch(hz, NOTCH_QUALITY, fs=sfreq)) for hz in notch_hz]
    stages = np.concatenate([passing, *notches])
    # Two periods of the slowest that passes: its filter has settled where the segment begins.
    around = round(2 * sfreq / low)
    return [
        sosfiltfilt(
            stages,
            s - s.mean(axis=1, keepdims=True),
            axis=1,
            padlen=min(around, s.shape[1] - 1),
        )
        for s in segments
    ]


def resampled(eeg: np.ndarray, sfreq: float, to_sfreq: float) -> np.ndarray:
    """Bring EEG to another rate; the first sample stays where it is.

    Parameters
    ----------
    eeg : ndarray of shape (..., T)
        EEG.
    sfreq : float
        Its rate, Hz.
    to_sfreq : float
        The rate that is wanted, Hz.

    Returns
    -------
    ndarray of shape (..., T')
        EEG at the other rate.
    """
    if to_sfreq == sfreq:
        return eeg
    # Not by MNE's Fourier transform: what it pads is seldom a whole number of samples at both
    # rates, which shifts the signal by up to half a sample.
    ratio = Fraction(to_sfreq / sfreq).limit_denominator(20_000)
    values: np.ndarray = resample_poly(eeg, *ratio.as_integer_ratio(), axis=-1, padtype="line")
    return values
