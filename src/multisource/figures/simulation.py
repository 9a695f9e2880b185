"""Picture of the simulator: the spectra of its AR models."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from multisource.simulation.ar import ARModels, power_spectrum

MEASURED, FITTED = "#2166ac", "#b2182b"


def spectra_figure(
    models: ARModels,
    freqs: np.ndarray,
    measured: np.ndarray,
    *,
    label: str = "measured",
    highest_hz: float = 60.0,
) -> Figure:
    """Draw the fitted against the measured spectra of every AR model.

    Parameters
    ----------
    models : ARModels
        M models.
    freqs : ndarray of shape (F,)
        Hz.
    measured : ndarray of shape (M, F)
        Any scale: each is drawn with the power of its AR model between 1 Hz and ``highest_hz``.
    label : str
        Name of the measured ones.
    highest_hz : float
        End of the frequency axis, Hz.

    Returns
    -------
    Figure
        One panel per model.
    """
    columns = min(3, len(models.names))
    rows = -(-len(models.names) // columns)
    figure = Figure(figsize=(3.2 * columns, 0.4 + 2.5 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    highest = min(highest_hz, models.sfreq / 2)
    kept = (freqs >= 1) & (freqs <= highest)
    for axes in grid.flat[len(models.names) :]:
        axes.set_visible(False)
    for axes, name, share, a, values in zip(
        grid.flat, models.names, models.shares, models.coefficients, measured, strict=False
    ):
        fitted = power_spectrum(a, freqs, models.sfreq)[kept]
        shown = values[kept] * fitted.sum() / values[kept].sum()
        axes.semilogy(freqs[kept], shown, color=MEASURED, linewidth=1.4, label=label)
        axes.semilogy(freqs[kept], fitted, color=FITTED, linewidth=1, label=f"AR({len(a)})")
        axes.set_title(f"{name} ({100 * share:.0f} % of the dipoles)", fontsize=9)
        axes.grid(alpha=0.3)
    for axes in grid[-1]:
        axes.set_xlabel("frequency (Hz)")
    for axes in grid[:, 0]:
        axes.set_ylabel("power (1/Hz)")
    grid[0, 0].legend(frameon=False, fontsize=8)
    return figure
