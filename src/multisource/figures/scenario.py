"""Figures 2 to 8: truth, network and a classical method on the cortex, for one window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from multisource.errors import UserError
from multisource.figures.brain import HEAT, draw_brain
from multisource.figures.cortex import Cortex
from multisource.figures.labels import metric_label
from multisource.figures.raster import VIEWS, rasterise

COEFFICIENT = LinearSegmentedColormap.from_list("truth", ["#bcd0f7", "#5f8df0", "#1546d8"])
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
    """The window whose metrics are the nearest to the medians of its scenario.

    ``metrics`` is tidy, one row per window and method, with columns ``method``, ``window`` and
    ``columns``. Distances are in interquartile ranges, summed over ``methods`` and columns, so
    that no metric and no method counts for more by its spread. Ties go to the earlier window.
    Raises ``UserError`` if no window has all the methods.
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
    """The views from which the patches are seen best.

    ``truth`` (N,) and ``centres`` (dipole indices) give the patches: each active dipole belongs
    to its nearest centre. A view shows a patch by the mean, over its dipoles, of the cosine to
    the camera where they are visible. One more view (up to ``most``, by default as many as there
    are patches, at least two) is taken if it adds ``worthwhile``.
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
    """The true coefficients beside each estimate of one window, a row per view.

    ``truth`` (N,) coefficients l, ``centres`` dipole indices (-1 for none), ``estimates`` label
    to map (N,), ``metrics`` label to that window's metrics. Each estimate colours its n highest
    dipoles, n the number of truly active ones, so that the overlap of colour and blue dots is
    FractionActive (paper, Fig. 2 to 8). Raises ``UserError`` if nothing is active.
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

    columns = 1 + len(estimates)
    inch = 3.3 / width
    head, foot, gap = 1.05, 0.62, 0.26
    tall = heights.sum() * inch + gap * len(views)
    size = (columns * 3.6 + 0.45, head + tall + foot)
    figure = Figure(figsize=size, layout="none")
    figure.suptitle(title, x=0.5, y=1 - 0.12 / size[1], fontsize=12, fontweight="bold", va="top")
    labels = {"Truth": None, **estimates}
    for column, (label, estimate) in enumerate(labels.items()):
        left = (0.45 + column * 3.6) / size[0]
        values = truth if estimate is None else np.asarray(estimate, float)
        lowest, highest = (0.0, 1.0) if estimate is None else coloured_range(values, count)
        top = size[1] - head
        for view, raster, span in zip(views, rasters, spans, strict=True):
            tall_view = span[1] * inch
            box = (left, (top - tall_view) / size[1], 3.3 / size[0], tall_view / size[1])
            axes = figure.add_axes(box)
            scale = draw_brain(
                axes,
                cortex,
                raster,
                values,
                lowest=max(lowest, TINY),
                highest=highest,
                colours=COEFFICIENT if estimate is None else HEAT,
                truth=None if estimate is None else truth,
                centres=centres,
            )
            middle = (raster.extent[0] + raster.extent[1]) / 2
            axes.set_xlim(middle - width / 2, middle + width / 2)
            if column == 0:
                axes.text(
                    -0.075,
                    0.5,
                    view,
                    transform=axes.transAxes,
                    rotation=90,
                    fontsize=8,
                    ha="center",
                    va="center",
                    color="#444444",
                )
            top -= tall_view + gap
        centre = left + 1.65 / size[0]
        figure.text(centre, 1 - 0.42 / size[1], label, ha="center", va="top", fontsize=11)
        figure.text(
            centre,
            1 - 0.64 / size[1],
            summary(label, metrics, count),
            ha="center",
            va="top",
            fontsize=7.5,
            color="#444444",
        )
        bar = figure.add_axes(
            (left + 0.55 / size[0], 0.42 / size[1], 2.2 / size[0], 0.09 / size[1])
        )
        figure.colorbar(scale, cax=bar, orientation="horizontal", ticks=[lowest, highest])
        bar.set_xticks([lowest, highest], [f"{lowest:.2g}", f"{highest:.2g}"], fontsize=7)
        bar.set_xlabel(
            "coefficient l" if estimate is None else f"estimate, its {count} highest dipoles",
            fontsize=7,
            labelpad=-6,
        )
        bar.tick_params(length=0)
        scale.colorbar.outline.set(linewidth=0.5, edgecolor="#888888")
    return figure


def coloured_range(values: np.ndarray, count: int) -> tuple[float, float]:
    """From the ``count``-th highest value of a map to its highest; zeros stay uncoloured."""
    highest = float(values.max())
    floor = np.sort(values)[-count]
    smallest = values[values > 0].min(initial=np.inf)
    lowest = float(max(floor, smallest)) if np.isfinite(smallest) else 1.0
    return (lowest, highest) if highest > lowest else (lowest, lowest + 1.0)


def summary(label: str, metrics: Mapping[str, Mapping[str, float]] | None, count: int) -> str:
    """The line under a column's name."""
    if label == "Truth":
        return f"{count} active dipoles\n(blue dots in the next columns)"
    if not metrics or label not in metrics:
        return ""
    parts = [f"{metric_label(name)} {value:.2f}" for name, value in metrics[label].items()]
    middle = (len(parts) + 1) // 2
    return "\n".join("   ".join(half) for half in (parts[:middle], parts[middle:]))
