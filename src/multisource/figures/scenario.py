"""Figures 2 to 8: truth, network and a classical method on the cortex, for one window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from multisource.errors import UserError
from multisource.evaluation.names import method_label, metric_label
from multisource.figures.brain import HEAT, draw_brain
from multisource.figures.cortex import Cortex
from multisource.figures.raster import VIEWS, rasterise

COEFFICIENT = LinearSegmentedColormap.from_list("truth", ["#bcd0f7", "#5f8df0", "#1546d8"])
# Inches: a brain, a column with its margin, the side for the view's name, head, foot, rows' gap.
BRAIN, COLUMN, SIDE, HEAD, FOOT, GAP = 3.3, 3.6, 0.45, 1.05, 0.62, 0.26
SOFT = "#444444"
# Dipoles of no activity at all stay grey, also on a scale that begins at zero.
TINY = 1e-9
CLOSENESS = ("auc_close", "auc_far", "fraction_active", "dr_least")


def representative_window(
    metrics: pd.DataFrame,
    methods: Sequence[str],
    *,
    columns: Sequence[str] = CLOSENESS,
    window: str = "sample",
) -> int:
    """Find the window whose metrics are the nearest to the medians of its scenario.

    Distances are in interquartile ranges, summed over methods and columns, so that no metric and
    no method counts for more by its spread. Ties go to the earlier window.

    Parameters
    ----------
    metrics : DataFrame
        Tidy, one row per window and method, with columns ``method``, ``window`` and ``columns``.
    methods : sequence of str
        The methods that count.
    columns : sequence of str
        The metrics that count.
    window : str
        Name of the column that numbers the windows.

    Returns
    -------
    int
        The window's number.

    Raises
    ------
    UserError
        If no window has all the methods.
    """
    shown = metrics[metrics["method"].isin(list(methods))]
    table = shown.pivot(index=window, columns="method", values=list(columns))
    table = table.dropna(axis=1, how="all").dropna(axis=0)
    if table.empty or not set(methods) <= set(shown["method"]):
        raise UserError(f"metrics: no window with a value for each of {', '.join(methods)}")
    spread = table.quantile(0.75) - table.quantile(0.25)
    distance = (table - table.median()).abs() / spread.where(spread > 0, 1.0)
    return int(distance.sum(axis=1).idxmin())


def choose_views(
    cortex: Cortex,
    truth: np.ndarray,
    centres: Sequence[int],
    *,
    most: int | None = None,
    worthwhile: float = 0.15,
) -> list[str]:
    """Choose the views from which the patches are seen best.

    A view shows a patch by the mean, over its dipoles, of the cosine to the camera where they are
    visible.

    Parameters
    ----------
    cortex : Cortex
        The mesh and its dipoles.
    truth : ndarray of shape (N,)
        Coefficients; each active dipole belongs to its nearest centre.
    centres : sequence of int
        Dipole indices of the patches' centres.
    most : int, optional
        Most views; by default as many as there are patches, at least two.
    worthwhile : float
        What a further view has to add.

    Returns
    -------
    list of str
        Keys of ``raster.VIEWS``.
    """
    active = np.flatnonzero(np.asarray(truth) > 0)
    centres = [int(c) for c in centres if c >= 0]
    if not active.size or not centres:
        return ["left lateral", "right lateral"]
    at = cortex.vertices[cortex.dipoles]
    distance = np.linalg.norm(at[active, None] - at[None, centres], axis=2)
    patch = distance.argmin(axis=1)
    vertices = cortex.dipoles[active]
    score = np.zeros((len(VIEWS), len(centres)))
    for row, view in enumerate(VIEWS):
        raster = rasterise(cortex, view, pixels_per_mm=1.0)
        cosine = cortex.normals[vertices] @ raster.axes[2]
        # At a millimetre a pixel a slope moves a vertex by up to some millimetres in depth.
        seen = np.where(raster.sees(cortex, vertices, tolerance_mm=4.0), cosine, 0.0)
        for column in range(len(centres)):
            mine = patch == column
            score[row, column] = seen[mine].mean() if mine.any() else 0.0
    chosen: tuple[int, ...] = ()
    reached = 0.0
    for count in range(1, (most or max(2, len(centres))) + 1):
        best = max(
            combinations(range(len(VIEWS)), count), key=lambda s: score[list(s)].max(axis=0).sum()
        )
        total = float(score[list(best)].max(axis=0).sum())
        if chosen and total - reached < worthwhile:
            break
        chosen, reached = best, total
    return [list(VIEWS)[row] for row in chosen]


def scenario_figure(
    cortex: Cortex,
    *,
    truth: np.ndarray,
    centres: Sequence[int],
    estimates: Mapping[str, np.ndarray],
    metrics: Mapping[str, Mapping[str, float]] | None = None,
    title: str = "",
    views: Sequence[str] | None = None,
    pixels_per_mm: float = 6.0,
) -> Figure:
    """Draw the true coefficients beside each estimate of one window, a row per view.

    Each estimate colours its n highest dipoles, n the number of truly active ones, so that the
    overlap of colour and blue dots is FractionActive (paper, Fig. 2 to 8).

    Parameters
    ----------
    cortex : Cortex
        The mesh and its dipoles.
    truth : ndarray of shape (N,)
        Coefficients l.
    centres : sequence of int
        Dipole indices, -1 for none.
    estimates : mapping of str to ndarray of shape (N,)
        Method to map.
    metrics : mapping of str to mapping, optional
        Method to that window's metrics, of which AUC_close, AUC_far, FractionActive and DR_least
        are printed.
    title : str
        Printed above.
    views : sequence of str, optional
        Keys of ``raster.VIEWS``; by default those that show the patches best.
    pixels_per_mm : float
        Resolution of the brains.

    Returns
    -------
    Figure
        One column for the truth and each method.

    Raises
    ------
    UserError
        If nothing is active.
    """
    truth = np.asarray(truth, float)
    count = int((truth > 0).sum())
    if not count:
        raise UserError("truth: no active dipole in this window; choose a window with a source")
    centres = [int(c) for c in centres if c >= 0]
    views = list(views or choose_views(cortex, truth, centres))
    rasters = [rasterise(cortex, view, pixels_per_mm=pixels_per_mm) for view in views]
    spans = np.array([(r.extent[1] - r.extent[0], r.extent[3] - r.extent[2]) for r in rasters])
    width, heights = spans[:, 0].max(), spans[:, 1]

    inch = BRAIN / width
    tall = heights.sum() * inch + GAP * len(views)
    size = (SIDE + (1 + len(estimates)) * COLUMN, HEAD + tall + FOOT)
    figure = Figure(figsize=size)
    figure.text(
        0.5, 1 - 0.12 / size[1], title, ha="center", va="top", fontsize=12, fontweight="bold"
    )
    for column, method in enumerate([None, *estimates]):
        values = truth if method is None else np.asarray(estimates[method], float)
        lowest, highest = (0.0, 1.0) if method is None else coloured_range(values, count)
        left, top = SIDE + column * COLUMN, size[1] - HEAD
        for view, raster, span in zip(views, rasters, heights * inch, strict=True):
            box = (left / size[0], (top - span) / size[1], BRAIN / size[0], span / size[1])
            axes = figure.add_axes(box)
            scale = draw_brain(
                axes,
                cortex,
                raster,
                values,
                lowest=max(lowest, TINY),
                highest=highest,
                colours=COEFFICIENT if method is None else HEAT,
                truth=None if method is None else truth,
                centres=centres,
            )
            middle = (raster.extent[0] + raster.extent[1]) / 2
            axes.set_xlim(middle - width / 2, middle + width / 2)
            if method is None:
                where = (0.15 / size[0], (top - span / 2) / size[1])
                figure.text(*where, view, rotation=90, va="center", fontsize=8, color=SOFT)
            top -= span + GAP
        if method is None:
            head = f"{count} active dipoles\n(blue dots in the next columns)"
            foot = "coefficient l"
        else:
            head = window_metrics((metrics or {}).get(method, {}))
            foot = f"estimate, its {count} highest dipoles"
        name = "Truth" if method is None else method_label(method)
        at = (left + BRAIN / 2) / size[0]
        figure.text(at, 1 - 0.42 / size[1], name, ha="center", va="top", fontsize=11)
        figure.text(at, 1 - 0.64 / size[1], head, ha="center", va="top", fontsize=7.5, color=SOFT)
        place = ((left + 0.55) / size[0], 0.42 / size[1], 2.2 / size[0], 0.09 / size[1])
        draw_bar(figure, place, scale, (lowest, highest), foot)
    return figure


def draw_bar(
    figure: Figure,
    place: tuple[float, float, float, float],
    scale: ScalarMappable,
    ends: tuple[float, float],
    label: str,
) -> None:
    """Draw a thin colour bar with its two ends and, between them, what it means.

    Parameters
    ----------
    figure : Figure
        Where to draw.
    place : tuple of four float
        Left, bottom, width, height in parts of the figure.
    scale : ScalarMappable
        The colours.
    ends : tuple of two float
        The values printed at its ends.
    label : str
        What it means.
    """
    axes = figure.add_axes(place)
    bar = figure.colorbar(scale, cax=axes, orientation="horizontal")
    bar.outline.set(linewidth=0.5, edgecolor="#888888")
    axes.set_xticks(ends, [f"{end:.2g}" for end in ends], fontsize=7)
    axes.set_xlim(ends)
    axes.set_xlabel(label, fontsize=7, labelpad=-6)
    axes.tick_params(length=0)


def coloured_range(values: np.ndarray, count: int) -> tuple[float, float]:
    """Return the range of a map that is coloured; zeros stay uncoloured.

    Parameters
    ----------
    values : ndarray of shape (N,)
        The map.
    count : int
        How many dipoles are coloured.

    Returns
    -------
    tuple of two float
        The ``count``-th highest value and the highest.
    """
    highest = float(values.max())
    floor = np.sort(values)[-count]
    smallest = values[values > 0].min(initial=np.inf)
    lowest = float(max(floor, smallest)) if np.isfinite(smallest) else 1.0
    return (lowest, highest) if highest > lowest else (lowest, lowest + 1.0)


def window_metrics(metrics: Mapping[str, float]) -> str:
    """Print the metrics of a window in two lines, for under an estimate's name.

    Parameters
    ----------
    metrics : mapping of str to float
        The window's metrics.

    Returns
    -------
    str
        Two lines.
    """
    known = [name for name in CLOSENESS if name in metrics]
    parts = [f"{metric_label(name)} {metrics[name]:.2f}" for name in known]
    middle = (len(parts) + 1) // 2
    return "\n".join("   ".join(half) for half in (parts[:middle], parts[middle:]))
