"""Figure 1: one EEG channel, its time course and its power spectral density."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from scipy.signal import welch

SECONDS_SHOWN = 4.0
SIMULATED, REAL = "#b2182b", "#2166ac"


def channel_figure(
    simulated: np.ndarray,
    sfreq: float,
    *,
    channel: str,
    real: np.ndarray | None = None,
    real_sfreq: float | None = None,
) -> Figure:
    """Draw a simulated channel and, if given, a real one beside it.

    The spectrum is Welch's (2 s Hann segments, half overlapping), in dB above 1 uV^2/Hz.

    Parameters
    ----------
    simulated : ndarray of shape (T,)
        V.
    sfreq : float
        Its sampling rate, Hz.
    channel : str
        Name of the channel.
    real : ndarray of shape (T,), optional
        The same channel of a recording, V.
    real_sfreq : float, optional
        Its sampling rate, Hz; by default that of the simulation.

    Returns
    -------
    Figure
        Time courses on the left, spectra on the right.
    """
    series = [("simulated", simulated, sfreq, SIMULATED)]
    if real is not None:
        series.append(("recorded", real, real_sfreq or sfreq, REAL))
    figure = Figure(figsize=(9, 1.2 + 1.7 * len(series)), layout="constrained")
    grid = figure.add_gridspec(len(series), 2, width_ratios=[1.7, 1])
    spectrum = figure.add_subplot(grid[:, 1])
    first = None
    for row, (name, values, rate, colour) in enumerate(series):
        microvolts = (np.asarray(values, float) - np.mean(values)) * 1e6
        shown = microvolts[: int(SECONDS_SHOWN * rate)]
        axes = figure.add_subplot(grid[row, 0], sharex=first, sharey=first)
        first = first or axes
        axes.plot(np.arange(len(shown)) / rate, shown, color=colour, linewidth=0.8)
        axes.set(ylabel="potential (µV)", title=f"{channel}, {name}")
        axes.margins(x=0)
        segment = min(len(microvolts), int(2 * rate))
        frequency, power = welch(microvolts, rate, nperseg=segment)
        kept = (frequency >= 0.5) & (frequency <= min(60.0, rate / 2))
        spectrum.plot(frequency[kept], 10 * np.log10(power[kept]), color=colour, label=name)
    axes.set_xlabel("time (s)")
    spectrum.set(
        xlabel="frequency (Hz)", ylabel="power (dB re 1 µV²/Hz)", title="Power spectral density"
    )
    spectrum.grid(alpha=0.3)
    if len(series) > 1:
        spectrum.legend(frameon=False)
    return figure
