"""Pictures that verify leadfields: agreement, sensitivity, placed dipoles, analytic sphere."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from multisource.figures.brain import draw_brain
from multisource.figures.cortex import Cortex
from multisource.figures.raster import Raster, rasterise
from multisource.leadfield.check import column_norms, sensitivity, singular_values
from multisource.leadfield.forward import Leadfield

COLOURS = ("#08519c", "#d94801")
VIEWS = ("left lateral", "left medial", "right medial", "right lateral", "top", "bottom")
PIXELS_PER_MM = 3.0
DEPTH_STEP_MM = 2.5


def plot_comparison(
    comparison: pd.DataFrame, cortex: Cortex, *, names: tuple[str, str] = ("A", "B")
) -> Figure:
    """Draw RDM and lnMAG of two leadfields on the cortex and against depth.

    The colour scales end at the 98th percentile, rounded up.

    Parameters
    ----------
    comparison : DataFrame
        That of ``leadfield.compare.compare_leadfields``, rows in the order of the cortex's dipoles.
    cortex : Cortex
        The mesh and its dipoles.
    names : tuple of two str
        The first and the second leadfield.

    Returns
    -------
    Figure
        One row per measure.
    """
    rasters = [rasterise(cortex, view, pixels_per_mm=PIXELS_PER_MM) for view in VIEWS]
    figure = Figure(figsize=(14, 9), layout="constrained")
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=(1.35, 1))[:, 0]
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


def plot_sensitivity(
    first: Leadfield,
    second: Leadfield,
    depth_mm: np.ndarray,
    cortex: Cortex,
    *,
    names: tuple[str, str] = ("A", "B"),
) -> Figure:
    """Draw what the electrodes see of a dipole along the normal: maps, depth, norms, spectrum.

    The maps show the largest potential difference between two electrodes for a dipole of 10 nAm,
    both on one scale; the norms are those of the fixed-orientation columns, the singular values
    those of the free-orientation gain.

    Parameters
    ----------
    first, second : Leadfield
        Two operators on the same dipoles.
    depth_mm : ndarray of shape (N,)
        Depth of each dipole below the inner skull.
    cortex : Cortex
        The mesh and its dipoles.
    names : tuple of two str
        The first and the second leadfield.

    Returns
    -------
    Figure
        Maps above, curves below.
    """
    rasters = [rasterise(cortex, view, pixels_per_mm=PIXELS_PER_MM) for view in VIEWS]
    figure = Figure(figsize=(14, 9), layout="constrained")
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=(1.35, 1))[:, 0]
    grid = upper.subplots(2, len(VIEWS))
    # 10 nAm, in microvolts.
    seen = [sensitivity(part) * 1e-2 for part in (first, second)]
    top = _rounded(np.percentile(np.concatenate(seen), 98))
    for row, values, name in zip(grid, seen, names, strict=True):
        draw_map(row, cortex, rasters, values, 0.0, top, "magma", f"{name}: µV per 10 nAm")
    for axis, view in zip(grid[0], VIEWS, strict=True):
        axis.set_title(view, fontsize=9, pad=14)
    left, middle, right = lower.subplots(1, 3)
    norms = [column_norms(part.fixed) for part in (first, second)]
    edges = np.geomspace(
        min(part.min() for part in norms), max(part.max() for part in norms) * 1.001, 60
    )
    for part, gain, name, colour in zip(
        norms, (first.free, second.free), names, COLOURS, strict=True
    ):
        table = pd.DataFrame({"depth_mm": depth_mm, "norm": part})
        _against_depth(left, table, "norm", "column norm, V/(Am)", colour, name)
        middle.hist(part, edges, histtype="step", color=colour, label=name)
        values = singular_values(gain)
        right.semilogy(np.arange(1, len(values) + 1), values / values[0], color=colour, label=name)
    left.set_yscale("log")
    middle.set(xscale="log", xlabel="column norm, V/(Am)", ylabel="dipoles", yscale="log")
    right.set(xlabel="singular value", ylabel="over the largest")
    for axis in (left.yaxis, middle.xaxis):
        # Norms span one decade: the decades alone say too little, all tenths run into each other.
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    for axis in (middle, right):
        axis.grid(alpha=0.3)
        axis.legend(frameon=False, fontsize=8)
    return figure


def plot_placement(placement: pd.DataFrame, cortex: Cortex) -> Figure:
    """Draw how far the FEM's dipoles moved into grey matter, from where, and what they found.

    Parameters
    ----------
    placement : DataFrame
        The table of ``fem.placement.place_dipoles``.
    cortex : Cortex
        The mesh and its dipoles.

    Returns
    -------
    Figure
        Maps and histograms.
    """
    rasters = [rasterise(cortex, view, pixels_per_mm=PIXELS_PER_MM) for view in VIEWS]
    figure = Figure(figsize=(14, 6.5), layout="constrained")
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=(1, 1.2))[:, 0]
    moved = placement["moved_mm"].to_numpy()
    row = upper.subplots(1, len(VIEWS))
    top = _rounded(max(np.percentile(moved, 98), 0.1))
    draw_map(row, cortex, rasters, moved, 0.0, top, "viridis", "moved, mm")
    for axis, view in zip(row, VIEWS, strict=True):
        axis.set_title(view, fontsize=9, pad=14)
    left, middle, right = lower.subplots(1, 3)
    counts = placement["start_tissue"].value_counts()
    bars = left.barh(counts.index, counts, color="0.6")
    left.bar_label(bars, padding=3)
    left.margins(x=0.15)
    left.invert_yaxis()
    left.set(xlabel="dipoles", title="tissue of the starting point")
    stayed = int((moved == 0).sum())
    middle.hist(moved[moved > 0], bins=40, color=COLOURS[0])
    middle.set(
        xlabel="moved, mm", ylabel="dipoles", title=f"{len(moved) - stayed} moved, {stayed} stayed"
    )
    conditions = {"venant": COLOURS[0], "restricted": COLOURS[1], "small": "0.4"}
    for condition, colour in conditions.items():
        part = placement.loc[placement["condition"] == condition, "patch_nodes"]
        right.hist(
            part,
            bins=np.arange(0, placement["patch_nodes"].max() + 2) - 0.5,
            color=colour,
            label=f"{condition}: {len(part)}",
        )
    right.set(xlabel="nodes that carry the source", ylabel="dipoles", yscale="log")
    right.set_title("Venant condition")
    right.legend(frameon=False, fontsize=8)
    return figure


def plot_sphere_check(table: pd.DataFrame) -> Figure:
    """Draw RDM and lnMAG of the operators against the analytic sphere, by eccentricity.

    Lines are medians, bands reach from the 5th to the 95th percentile of both orientations.

    Parameters
    ----------
    table : DataFrame
        That of ``leadfield.verification.sphere_check``.

    Returns
    -------
    Figure
        One panel per measure.
    """
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    axes = figure.subplots(1, 2)
    labels = ("RDM", "lnMAG")
    for axis, column, label in zip(axes, ("rdm", "lnmag"), labels, strict=True):
        operators = table.groupby("operator", sort=False)
        for colour, (operator, part) in zip(COLOURS, operators, strict=False):
            spread = part.groupby("eccentricity")[column].quantile([0.05, 0.95]).unstack()
            axis.fill_between(
                spread.index, spread[0.05], spread[0.95], color=colour, alpha=0.15, linewidth=0
            )
            for orientation, style in (("radial", "-"), ("tangential", "--")):
                chosen = part[part["orientation"] == orientation]
                median = chosen.groupby("eccentricity")[column].median()
                axis.plot(
                    median.index,
                    median,
                    style,
                    color=colour,
                    marker="o",
                    markersize=3,
                    label=f"{operator}, {orientation}",
                )
        axis.set(xlabel="eccentricity (share of the innermost radius)", ylabel=label)
        axis.grid(alpha=0.3, which="both")
    axes[0].set_yscale("log")
    axes[1].axhline(0, color="0.6", linewidth=0.8, zorder=0)
    axes[0].legend(frameon=False, fontsize=8)
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
    """Draw one map of dipole values in several views, with one colour bar beside the last.

    Parameters
    ----------
    axes : list of Axes
        One per view.
    cortex : Cortex
        The mesh and its dipoles.
    rasters : list of Raster
        What each view sees.
    values : ndarray of shape (N,)
        One value per dipole.
    lowest, highest : float
        Ends of the colour scale.
    colours : str or Colormap
        Colours from ``lowest`` to ``highest``.
    label : str
        Of the colour bar.
    """
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


def _against_depth(
    axis: Axes,
    table: pd.DataFrame,
    column: str,
    label: str,
    colour: str = COLOURS[0],
    name: str = "median, 5th to 95th percentile",
) -> None:
    """Median and 5th to 95th percentile of a column in steps of depth."""
    bins = _depth_bins(table)
    place = np.digitize(table["depth_mm"], bins) - 1
    quantiles = table.groupby(place)[column].quantile([0.05, 0.5, 0.95]).unstack()
    middle = (bins[quantiles.index] + bins[quantiles.index + 1]) / 2
    axis.fill_between(
        middle, quantiles[0.05], quantiles[0.95], color=colour, alpha=0.25, linewidth=0
    )
    axis.plot(middle, quantiles[0.5], color=colour, label=name)
    axis.set(xlabel="depth below inner skull (mm)", ylabel=label)
    axis.grid(alpha=0.3)
    axis.legend(frameon=False, fontsize=8)


def _depth_bins(comparison: pd.DataFrame) -> np.ndarray:
    return np.arange(0, comparison["depth_mm"].max() + 2 * DEPTH_STEP_MM, DEPTH_STEP_MM)


def _rounded(value: float) -> float:
    """The value rounded up to a readable number, for the end of a colour bar."""
    step = 10.0 ** np.floor(np.log10(max(value, 1e-12)))
    return float(step * next(k for k in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if k * step >= value))
