"""Pictures of the simulator: spectra of its AR models, EEG traces, patterns on the scalp."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
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


def draw_traces(
    axes: Axes,
    eeg: np.ndarray,
    sfreq: float,
    *,
    names: Sequence[str] = (),
    spacing_uv: float | None = None,
    colours: Sequence[str] | str = "#303030",
) -> float:
    """Draw channels below each other.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    eeg : ndarray of shape (E, T)
        V.
    sfreq : float
        Hz.
    names : sequence of str
        Names of the channels.
    spacing_uv : float, optional
        Distance between two channels; by default from the data.
    colours : str or sequence of str
        One for all, or one per channel.

    Returns
    -------
    float
        The distance between two channels, uV.
    """
    microvolts = eeg * 1e6
    spacing = spacing_uv or 4 * float(np.median(microvolts.std(axis=1)))
    times = np.arange(eeg.shape[1]) / sfreq
    colours = [colours] * len(eeg) if isinstance(colours, str) else colours
    for row, (series, colour) in enumerate(zip(microvolts, colours, strict=True)):
        axes.plot(times, series - row * spacing, color=colour, linewidth=0.7)
    axes.set_yticks([-row * spacing for row in range(len(eeg))], names or [""] * len(eeg))
    axes.tick_params(axis="y", labelsize=7, length=0)
    axes.set_ylim(-(len(eeg) - 0.2) * spacing, 0.8 * spacing + spacing * 0.2)
    axes.margins(x=0)
    axes.set_xlabel("time (s)")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    return spacing


def draw_pattern(axes: Axes, values: np.ndarray, electrodes: np.ndarray) -> None:
    """Draw values at the electrodes, seen from above, nose up.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    values : ndarray of shape (E,)
        Any unit.
    electrodes : ndarray of shape (E, 3)
        mm.
    """
    place, rim = scalp_plane(electrodes)
    largest = np.abs(values).max()
    axes.scatter(
        *place.T,
        c=values,
        s=70,
        cmap="RdBu_r",
        vmin=-largest,
        vmax=largest,
        edgecolor="0.4",
        lw=0.4,
    )
    draw_scalp(axes, rim, colour="0.5")


def draw_scalp(axes: Axes, rim: float, *, colour: str) -> None:
    """Draw the outline of a head with its nose; the frame of the axes goes.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    rim : float
        The head's radius in the coordinates of the axes.
    colour : str
        Of the line.
    """
    turn = np.linspace(0, 2 * np.pi, 200)
    axes.plot(rim * np.cos(turn), rim * np.sin(turn), color=colour, linewidth=1)
    axes.plot([-0.12 * rim, 0, 0.12 * rim], [rim, 1.12 * rim, rim], color=colour, linewidth=1)
    axes.set_aspect("equal")
    axes.axis("off")


def scalp_plane(electrodes: np.ndarray) -> tuple[np.ndarray, float]:
    """Lay the scalp flat: electrodes seen from above, nose up.

    The angle from the vertex becomes the distance from the middle, so that the rim is seen.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        mm.

    Returns
    -------
    places : ndarray of shape (E, 2)
        Where each is drawn.
    rim : float
        The head's radius there.
    """
    centred = electrodes - electrodes.mean(axis=0) * [1, 1, 0]
    height = centred[:, 2] - np.median(centred[:, 2])
    angle = np.arctan2(np.hypot(centred[:, 0], centred[:, 1]), height + 40.0)
    direction = centred[:, :2] / np.maximum(np.hypot(*centred[:, :2].T), 1e-9)[:, None]
    place = direction * angle[:, None]
    return place, 1.12 * np.abs(place).max()
