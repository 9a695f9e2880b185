"""The ordinary activity of a recording, measured: what a source has to rise above.

How large a person's EEG is, how its power falls with frequency, and how much of each spatial
component is noise differ from person to person and from what is simulated. So they are measured.
Between its peaks, the spectrum of EEG is a straight line in double logarithmic axes (the aperiodic
activity; Donoghue et al. 2020, doi:10.1038/s41593-020-00744-x). The line stands for the background;
what rises above it, such as the alpha rhythm, is left to be localised. Of an average of epochs the
background is what is left where every other epoch is turned round, or what lies before the event:
its noise as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import csd

SEGMENT_S = 2.0  # of a spectrum: peaks are half a Hz wide at least
LINE_HZ = (1.5, 45.0)  # where the line is fitted: below are drifts, above mains and muscles
FLAT_HZ = 1.0  # below, the line would rise without end
BELOW = 0.6  # share of the frequencies that the line is fitted to: those without a peak
ROUNDS = 8
# Levels of the noise over the background's mean variance that are tried.
_LEVELS = np.geomspace(1e-4, 1e2, 61)


@dataclass(frozen=True)
class Background:
    """The second moments of a recording's background.

    Attributes
    ----------
    frequencies : ndarray of shape (F,)
        Hz, from 0 to half the sampling rate.
    spectrum : ndarray of shape (F, E, E)
        Real part of the cross-spectrum of the channels, V^2/Hz, one-sided.
    aperiodic : bool
        Whether only the line between its peaks is background.
    """

    frequencies: np.ndarray
    spectrum: np.ndarray
    aperiodic: bool

    def of_components(self, space: np.ndarray, n_times: int) -> np.ndarray:
        """Return the autocovariance of spatial components.

        Parameters
        ----------
        space : ndarray of shape (r, E)
            Rows that make the components from the channels.
        n_times : int
            T.

        Returns
        -------
        ndarray of shape (r, T)
            At lags of 0 to T - 1 samples, V^2 where the rows are orthonormal.
        """
        power = np.einsum("re,fed,rd->rf", space, self.spectrum, space, optimize=True)
        power = np.maximum(power, 1e-12 * power.max())
        if self.aperiodic:
            power = np.array([ordinary_power(self.frequencies, one) for one in power])
        # Interpolated to a grid that holds 2 T samples, so that no lag is met round the corner.
        grid = np.fft.rfftfreq(max(2 * n_times, 2 * len(self.frequencies)))
        step = self.frequencies / (2 * self.frequencies[-1])
        fine = np.array([np.interp(grid, step, one) for one in power])
        return np.fft.irfft(fine, axis=1)[:, :n_times] * self.frequencies[-1]

    def covariance(self, space: np.ndarray) -> np.ndarray:
        """Return the covariance of the channels, the components taken for independent.

        Parameters
        ----------
        space : ndarray of shape (r, E)
            Orthonormal rows that make the components from the channels.

        Returns
        -------
        ndarray of shape (E, E)
            V^2.
        """
        return np.asarray((space.T * self.of_components(space, 1)[:, 0]) @ space)


def measure_background(parts: Sequence[np.ndarray], sfreq: float, *, aperiodic: bool) -> Background:
    """Measure the cross-spectrum of stretches of EEG (Welch's method, Hann windows).

    Parameters
    ----------
    parts : sequence of ndarray of shape (E, T_i)
        EEG, V.
    sfreq : float
        Sampling rate, Hz.
    aperiodic : bool
        Whether only the line between the spectrum's peaks is background.

    Returns
    -------
    Background
        What was measured. Parts shorter than the segments of the spectrum, which are at most 2 s
        and at most the longest part, do not count.
    """
    length = min(round(SEGMENT_S * sfreq), max(part.shape[1] for part in parts))
    used = [np.asarray(part, float) for part in parts if part.shape[1] >= length]
    total, weight = 0.0, 0
    for part in used:
        frequencies, cross = csd(
            part[:, None], part[None], sfreq, nperseg=length, detrend="constant", axis=2
        )
        total, weight = total + part.shape[1] * cross.real, weight + part.shape[1]
    spectrum = np.moveaxis(np.asarray(total) / weight, 2, 0)
    return Background(np.asarray(frequencies), spectrum, aperiodic)


def ordinary_power(frequencies: np.ndarray, power: np.ndarray) -> np.ndarray:
    """Return the line of a spectrum between its peaks.

    Parameters
    ----------
    frequencies : ndarray of shape (F,)
        Hz.
    power : ndarray of shape (F,)
        Power density, above 0.

    Returns
    -------
    ndarray of shape (F,)
        The line, fitted again and again to those frequencies whose power lies lowest above it; the
        spectrum itself where fewer than 4 frequencies lie in ``LINE_HZ``. Where a filter has left
        less than the line says, the spectrum.
    """
    inside = (frequencies >= LINE_HZ[0]) & (frequencies <= LINE_HZ[1])
    if inside.sum() < 4:
        return power
    x, y = np.log(frequencies[inside]), np.log(power[inside])
    kept = np.ones(len(x), bool)
    line = np.zeros(2)
    for _ in range(ROUNDS):
        line = np.polyfit(x[kept], y[kept], 1)
        above = y - np.polyval(line, x)
        lowest = above <= max(np.quantile(above, BELOW), 0.0)
        if (lowest == kept).all():
            break
        kept = lowest
    said = np.exp(np.polyval(line, np.log(np.maximum(frequencies, FLAT_HZ))))
    return np.where(frequencies > LINE_HZ[1], np.minimum(said, power), said)


def fit_level(gain: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    """Fit scale * (gain + level) to variances, in logarithms.

    Parameters
    ----------
    gain : ndarray of shape (r,)
        Variances of the background that the leadfield predicts, 1 on average.
    variance : ndarray of shape (r,)
        Those that were measured.

    Returns
    -------
    scale, level : float
        Of the best fit by least squares, the level among 61 of 0.0001 to 100.
    """
    off = np.log(variance) - np.log(gain + _LEVELS[:, None])
    best = int(off.var(axis=1).argmin())
    return float(np.exp(off[best].mean())), float(_LEVELS[best])
