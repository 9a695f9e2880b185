"""Pictures of leadfields: how far two of them disagree, where and at which depth."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from multisource.figures.brain import draw_brain
from multisource.figures.cortex import Cortex
from multisource.figures.raster import Raster, rasterise

VIEWS = ("left lateral", "left medial", "right medial", "right lateral", "top", "bottom")
PIXELS_PER_MM = 3.0
DEPTH_STEP_MM = 2.5


def plot_comparison(
    comparison: pd.DataFrame, cortex: Cortex, *, names: tuple[str, str] = ("A", "B")
) -> Figure:
    """RDM and lnMAG of two leadfields on the cortex and against depth.

    ``comparison`` is that of ``leadfield.compare.compare_leadfields``, rows in the order of the
    cortex's dipoles; ``names`` are those of its first and second leadfield. The colour scales end
    at the 98th percentile, rounded up.
    """
    rasters = [rasterise(cortex, view, pixels_per_mm=PIXELS_PER_MM) for view in VIEWS]
    figure = Figure(figsize=(14, 9), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.35, 1))
    grid = upper.subplots(2, len(VIEWS))
    first, second = names
    top = _rounded(np.percentile(comparison["rdm"], 98))
    label = f"RDM, {first} against {second}"
    draw_map(grid[0], cortex, rasters, comparison["rdm"], 0.0, top, "viridis", label)
    limit = _rounded(np.percentile(np.abs(comparison["lnmag"]), 98))
    label = f"lnMAG, {first} over {second}"
    draw_map(grid[1], cortex, rasters, comparison["lnmag"], -limit, limit, "RdBu_r", label)
    for axis, view in zip(grid[0], VIEWS, strict=True):
        axis.set_title(view, fontsize=9, pad=14)
    left, middle, right = lower.subplots(1, 3)
    _against_depth(left, comparison, "rdm", f"RDM, {first} against {second}")
    left.set_ylim(bottom=0)
    _against_depth(middle, comparison, "lnmag", label)
    middle.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    right.hist(comparison["depth_mm"], bins=_depth_bins(comparison), color="0.6")
    right.set(xlabel="depth below inner skull (mm)", ylabel="dipoles")
    return figure


def draw_map(
    axes: list[Axes],
    cortex: Cortex,
    rasters: list[Raster],
    values: np.ndarray,
    lowest: float,
    highest: float,
    colours: str | Colormap,
    label: str,
) -> None:
    """One map of dipole values in several views, with one colour bar beside the last."""
    import matplotlib

    colours = matplotlib.colormaps[colours] if isinstance(colours, str) else colours
    clipped = np.clip(np.asarray(values, float), lowest, highest)
    for axis, raster in zip(axes, rasters, strict=True):
        scale = draw_brain(
            axis, cortex, raster, clipped, lowest=lowest, highest=highest, colours=colours
        )
    figure = axes[0].figure
    bar = figure.colorbar(
        scale, ax=list(axes), shrink=0.7, pad=0.02, extend="both" if lowest < 0 else "max"
    )
    bar.set_label(label)
    bar.outline.set_visible(False)


def _against_depth(axis: Axes, comparison: pd.DataFrame, column: str, label: str) -> None:
    """Median and 5th to 95th percentile of a column in steps of depth."""
    bins = _depth_bins(comparison)
    place = np.digitize(comparison["depth_mm"], bins) - 1
    quantiles = comparison.groupby(place)[column].quantile([0.05, 0.5, 0.95]).unstack()
    middle = (bins[quantiles.index] + bins[quantiles.index + 1]) / 2
    axis.fill_between(
        middle, quantiles[0.05], quantiles[0.95], color="#9ecae1", label="5th to 95th percentile"
    )
    axis.plot(middle, quantiles[0.5], color="#08519c", label="median")
    axis.set(xlabel="depth below inner skull (mm)", ylabel=label)
    axis.grid(alpha=0.3)
    axis.legend(frameon=False, fontsize=8)


def _depth_bins(comparison: pd.DataFrame) -> np.ndarray:
    return np.arange(0, comparison["depth_mm"].max() + 2 * DEPTH_STEP_MM, DEPTH_STEP_MM)


def _rounded(value: float) -> float:
    """The value rounded up to a readable number, for the end of a colour bar."""
    step = 10.0 ** np.floor(np.log10(max(value, 1e-12)))
    return float(step * next(k for k in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if k * step >= value))
