"""A recording of one's own: the EEG, its strongest moment, and every method's map of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from multisource.certainty.shown import shown_map
from multisource.evaluation.names import method_label
from multisource.figures.brain import HEAT, draw_brain
from multisource.figures.cortex import Cortex
from multisource.figures.raster import Raster, rasterise
from multisource.figures.scenario import SOFT, draw_bar
from multisource.figures.topography import draw_topography
from multisource.recordings.moments import MEAN, STRONGEST, Moment

SHOWN_VIEWS = ("left lateral", "left medial", "right medial", "right lateral")
# Inches: a brain, the gap between brains, a method's block with its margins, the EEG's row.
BRAIN, GAP, HEAD, FOOT, SIDE, EEG = 1.5, 0.26, 0.42, 0.42, 0.4, 2.9
SECONDS_SHOWN = 2.0  # of a long recording, round the moment
MOST_MOMENTS = 3  # side by side
WINDOW, POWER = "#ffe9b3", "#b2182b"


def shown_moments(told: Sequence[Moment]) -> list[Moment]:
    """Choose the moments of a recording that are drawn.

    Parameters
    ----------
    told : sequence of Moment
        Those that the tables tell of.

    Returns
    -------
    list of Moment
        The chosen ones or the strongest, and the mean of the recording where there is one; three
        at most.
    """
    means = [one for one in told if one.kind == MEAN]
    others = [one for one in told if one.kind != MEAN]
    chosen = others[:1] if others and others[0].kind == STRONGEST else others
    return [*chosen[: MOST_MOMENTS - len(means)], *means]


def recording_figure(
    cortex: Cortex,
    maps: Mapping[str, np.ndarray],
    *,
    moments: Sequence[Moment],
    has_cortex: np.ndarray,
    times: np.ndarray,
    eeg: np.ndarray,
    electrodes: np.ndarray,
    title: str,
    probabilities: Collection[str] = (),
    threshold: float = 0.5,
    pixels_per_mm: float = 3.0,
) -> Figure:
    """Draw the EEG, its topography, and the maps of its moments.

    Parameters
    ----------
    cortex : Cortex
        The mesh and its dipoles.
    maps : mapping of str to ndarray of shape (K, N)
        Method to its maps of the moments; each is coloured from ``threshold`` times its maximum to
        its maximum, with a dot at its peak.
    moments : sequence of Moment
        The K moments. The topography is of the first.
    has_cortex : ndarray of bool, shape (N,)
        Where there is cortex; the maps stay grey elsewhere.
    times : ndarray of shape (T,)
        s.
    eeg : ndarray of shape (E, T)
        V, round the moments.
    electrodes : ndarray of shape (E, 3)
        mm.
    title : str
        Printed above.
    probabilities : collection of str
        Methods whose maps are probabilities of being active. One of next to nothing
        (:func:`multisource.certainty.shown.shown_map`) stays grey.
    threshold : float
        Share of a map's maximum above which it is coloured.
    pixels_per_mm : float
        Resolution of the brains.

    Returns
    -------
    Figure
        EEG and topography above; below the methods, two a row, or a row each with a column for
        every moment where there are several.
    """
    rasters = [rasterise(cortex, view, pixels_per_mm=pixels_per_mm) for view in SHOWN_VIEWS]
    extents = np.array([r.extent for r in rasters])
    tall = BRAIN * (extents[:, 3] - extents[:, 2]).max() / (extents[:, 1] - extents[:, 0]).max()
    panels = []
    for method, of_moments in maps.items():
        for moment, values in zip(moments, of_moments, strict=True):
            name = method_label(method) + (f": {moment.title}" if len(moments) > 1 else "")
            shown = shown_map(values, has_cortex, probability=method in probabilities)
            panels.append((name, shown))
    columns = len(moments) if len(moments) > 1 else min(2, len(panels))
    rows = -(-len(panels) // columns)
    block = (len(SHOWN_VIEWS) * (BRAIN + GAP) + SIDE, HEAD + tall + FOOT)
    width = max(block[0] * columns + SIDE, 9.0)
    height = 0.6 + EEG + rows * block[1]
    figure = Figure(figsize=(width, height))
    figure.text(0.5, 1 - 0.12 / height, title, ha="center", va="top", fontsize=12, weight="bold")
    low = 1 - (0.5 + EEG) / height
    traces = figure.add_axes((0.75 / width, low + 0.55 / height, 0.62, (EEG - 0.9) / height))
    sample = _draw_eeg(traces, times, eeg, moments)
    scalp = figure.add_axes((0.74, low + 0.35 / height, 0.2, (EEG - 0.75) / height))
    _draw_potential(scalp, eeg[:, sample] * 1e6, electrodes, seconds=times[sample])
    for k, (name, shown) in enumerate(panels):
        left = SIDE / 2 + block[0] * (k % columns) + (width - SIDE - block[0] * columns) / 2
        top = height - 0.5 - EEG - block[1] * (k // columns)
        _draw_map(figure, cortex, rasters, name, shown, (left, top, tall), threshold)
    return figure


def _draw_eeg(axes: Axes, times: np.ndarray, eeg: np.ndarray, moments: Sequence[Moment]) -> int:
    """Butterfly and global field power; returns the sample of largest power in the first moment."""
    inside = (times >= moments[0].from_s - 1e-9) & (times < moments[0].to_s - 1e-9)
    power = eeg.std(axis=0)
    moment = int(np.flatnonzero(inside)[np.nanargmax(power[inside])])
    if times[-1] - times[0] > SECONDS_SHOWN:
        shown = np.abs(times - times[moment]) <= SECONDS_SHOWN / 2
    else:
        shown = np.ones(len(times), bool)
    windows = [one for one in moments if one.kind != MEAN]
    begin, end = times[shown][0], times[shown][-1]
    for one in windows:
        if one.to_s > begin and one.from_s < end:
            axes.axvspan(max(one.from_s, begin), min(one.to_s, end), color=WINDOW, zorder=0)
    axes.plot(times[shown], 1e6 * eeg[:, shown].T, color="#3b4a5a", linewidth=0.5, alpha=0.6)
    axes.plot(
        times[shown], 1e6 * power[shown], color=POWER, linewidth=1.6, label="global field power"
    )
    axes.axvline(times[moment], color=POWER, linewidth=0.8, linestyle="--")
    axes.legend(
        [axes.lines[0], axes.lines[-2]],
        [f"{len(eeg)} channels", "global field power"],
        frameon=False,
        fontsize=7,
        loc="upper left",
        ncols=2,
    )
    axes.set_xlabel("time (s)", fontsize=8)
    axes.set_ylabel("potential (µV), average reference", fontsize=8)
    of_several = len(windows) > 1
    words = (
        "windows that are localised below are"
        if of_several
        else "window that is localised below is"
    )
    axes.set_title(f"the {words} shaded", fontsize=8, color=SOFT)
    axes.tick_params(labelsize=7)
    axes.margins(x=0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return moment


def _draw_potential(
    axes: Axes, values: np.ndarray, electrodes: np.ndarray, *, seconds: float
) -> None:
    """Potentials (E,) uV at the electrodes (E, 3) mm, with their colour bar."""
    picture = draw_topography(axes, values, electrodes)
    largest = np.abs(values).max()
    axes.set_title(f"potential at {seconds:.3f} s", fontsize=8, color=SOFT)
    bar = axes.figure.colorbar(picture, ax=axes, shrink=0.6, pad=0.12)
    end = f"{largest:.0f}" if largest >= 10 else f"{largest:.2g}"
    bar.set_ticks([-largest, 0, largest], labels=[f"-{end}", "0", f"{end} µV"])
    bar.ax.tick_params(labelsize=7, length=0)
    bar.outline.set_linewidth(0.5)


def _draw_map(
    figure: Figure,
    cortex: Cortex,
    rasters: list[Raster],
    name: str,
    values: np.ndarray,
    place: tuple[float, float, float],
    threshold: float,
) -> None:
    """One map: its name, the views side by side, and the colour bar."""
    left, top, tall = place
    width, height = figure.get_size_inches()
    highest = float(values.max()) or 1.0
    middle = left + len(rasters) * (BRAIN + GAP) / 2
    figure.text(middle / width, top / height, name, ha="center", va="top", fontsize=10)
    for k, raster in enumerate(rasters):
        x = left + k * (BRAIN + GAP)
        box = (x / width, (top - HEAD - tall) / height, BRAIN / width, tall / height)
        axes = figure.add_axes(box)
        scale = draw_brain(
            axes,
            cortex,
            raster,
            values,
            lowest=threshold * highest,
            highest=highest,
            colours=HEAT,
            centres=[int(values.argmax())] if values.any() else (),
        )
        figure.text(
            (x + BRAIN / 2) / width,
            (top - HEAD + 0.08) / height,
            raster.view,
            ha="center",
            fontsize=7,
            color=SOFT,
        )
    box = ((middle - 1.1) / width, (top - HEAD - tall - 0.16) / height, 2.2 / width, 0.08 / height)
    draw_bar(figure, box, scale, (threshold * highest, highest), "estimate")
