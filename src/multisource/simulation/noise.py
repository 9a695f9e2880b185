"""Sensor noise: white or 1/f, independent or correlated over the scalp."""

from __future__ import annotations

import numpy as np

from multisource.errors import UserError
from multisource.simulation.ar import model_from_spectrum

FLAT_BELOW_HZ = 0.5  # 1/f noise has no finite variance; below this its spectrum is flat
NOISE_MEMORY_S = 0.12


def noise_model(exponent: float, sfreq: float) -> np.ndarray:
    """Return the AR model of noise with power 1 / f^exponent above 0.5 Hz.

    Parameters
    ----------
    exponent : float
        Exponent of the spectrum; 0 for white noise.
    sfreq : float
        Sampling rate, Hz.

    Returns
    -------
    ndarray
        AR coefficients; none for white noise.
    """
    if exponent == 0:
        return np.empty(0)
    freqs = np.linspace(0, sfreq / 2, 8193)
    density = np.maximum(freqs, FLAT_BELOW_HZ) ** -exponent
    return model_from_spectrum(
        density, sfreq, round(NOISE_MEMORY_S * sfreq), f"noise of exponent {exponent}"
    )


def spatial_factor(n_channels: int, electrodes: np.ndarray | None, spatial_mm: float) -> np.ndarray:
    """Return the factor of the noise at the channels, of unit mean power after average reference.

    Parameters
    ----------
    n_channels : int
        Number of channels, E.
    electrodes : ndarray of shape (E, 3), optional
        Positions of the electrodes, mm.
    spatial_mm : float
        The correlation of two channels is exp(-distance / spatial_mm) before the reference is
        taken out; 0 for independent channels.

    Returns
    -------
    ndarray of shape (E, E)
        The factor.

    Raises
    ------
    UserError
        If the noise is correlated and no electrodes are given.
    """
    correlation = np.eye(n_channels)
    if spatial_mm > 0:
        if electrodes is None:
            raise UserError("noise.spatial_mm: needs the electrode positions; give 0 or electrodes")
        distance = np.linalg.norm(electrodes[:, None] - electrodes[None], axis=2)
        correlation = np.exp(-distance / spatial_mm)
    factor = np.linalg.cholesky(correlation)
    factor -= factor.mean(axis=0)
    return factor / np.sqrt((factor**2).sum() / n_channels)


def noise_scale(eeg: np.ndarray, snr_db: np.ndarray) -> np.ndarray:
    """Return the amplitude of unit noise that gives a signal-to-noise ratio.

    Parameters
    ----------
    eeg : ndarray of shape (S, E, T)
        EEG without noise.
    snr_db : ndarray of shape (S,)
        Ratio of the powers, dB.

    Returns
    -------
    ndarray of shape (S,)
        Amplitude, in the unit of ``eeg``.
    """
    power = np.mean(np.square(eeg, dtype=np.float64), axis=(1, 2))
    return np.sqrt(power * 10 ** (-np.asarray(snr_db) / 10))
