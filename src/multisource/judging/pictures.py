"""Maps of a head: cortex, depth and cover of the dipoles, thickness of skull and scalp."""

from __future__ import annotations

from dataclasses import replace

import matplotlib
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure

from multisource.anatomy.head import Head
from multisource.anatomy.source_table import SourceTable
from multisource.figures.brain import draw_brain
from multisource.figures.cortex import Cortex, make_cortex
from multisource.figures.leadfield import draw_map
from multisource.figures.raster import Raster, rasterise
from multisource.figures.scalp import draw_scalp
from multisource.judging.measures import Measures

_VIEWS = ("left lateral", "left medial", "right medial", "right lateral")
_SIDES_OF_HEAD = ("left", "front", "top", "back", "right")
_PIXELS_PER_MM = 3.0
_THICKEST_CORTEX_MM, _THICKEST_SKULL_MM, _THICKEST_SCALP_MM = 5.0, 12.0, 15.0
_DEPTHS, _SHELLS = "viridis_r", "viridis"
_BARE = ListedColormap(["#c1121f"])


def cortex_maps(head: Head, sources: SourceTable, measures: Measures) -> Figure:
    """Draw thickness, the depth of the dipoles, and what they do not cover, on the cortex.

    Parameters
    ----------
    head : Head
        Surfaces.
    sources : SourceTable
        The dipoles.
    measures : Measures
        What is drawn.

    Returns
    -------
    Figure
        Three rows of four views.
    """
    used = [sources.vertices[sources.hemisphere == number] for number in (0, 1)]
    cortex = make_cortex(head.surfaces, used)
    rasters = [rasterise(cortex, view, pixels_per_mm=_PIXELS_PER_MM) for view in _VIEWS]
    figure = Figure(figsize=(13, 7.4), layout="constrained")
    rows = figure.subplots(3, len(_VIEWS))
    for axis, view in zip(rows[0], _VIEWS, strict=True):
        axis.set_title(view, pad=10)
    draw_map(
        list(rows[0]),
        cortex,
        rasters,
        measures.thickness_mm,
        0.0,
        _THICKEST_CORTEX_MM,
        _SHELLS,
        "thickness of the cortex, mm",
    )
    _depths(list(rows[1]), cortex, rasters, measures.depth_mm)
    everywhere = replace(cortex, dipoles=np.arange(len(cortex.vertices)))
    for axis, raster in zip(rows[2], rasters, strict=True):
        bare = measures.cover.uncovered.astype(float)
        draw_brain(axis, everywhere, raster, bare, lowest=0.5, colours=_BARE)
    figure.supxlabel(
        f"Red in the last row: cortex farther than {measures.cover.reach_mm:.1f} mm from any "
        f"dipole, {measures.cover.uncovered_cm2:.1f} cm²",
        fontsize=10,
    )
    return figure


def _depths(axes: list, cortex: Cortex, rasters: list[Raster], depth_mm: np.ndarray) -> None:
    """Every dipole that is seen, in the colour of its depth."""
    norm = Normalize(0.0, float(np.ceil(depth_mm.max() / 10) * 10))
    for axis, raster in zip(axes, rasters, strict=True):
        draw_brain(axis, cortex, raster)
        seen = raster.sees(cortex, cortex.dipoles)
        dots = raster.project(cortex.vertices[cortex.dipoles[seen]])
        axis.scatter(
            *dots[:, :2].T, c=depth_mm[seen], norm=norm, cmap=_DEPTHS, s=5, linewidths=0, zorder=3
        )
    bar = axes[0].figure.colorbar(
        ScalarMappable(norm, _DEPTHS), ax=axes, shrink=0.7, pad=0.02, label=""
    )
    bar.set_label("dipoles: depth below\nthe inner skull, mm")
    bar.outline.set_visible(False)


def shell_maps(head: Head, measures: Measures) -> Figure:
    """Draw the thickness of the skull and of the scalp on the outer skull.

    Parameters
    ----------
    head : Head
        Surfaces.
    measures : Measures
        What is drawn.

    Returns
    -------
    Figure
        Two rows of five views.
    """
    figure = Figure(figsize=(13, 5.6), layout="constrained")
    rows = figure.subplots(2, len(_SIDES_OF_HEAD))
    for axis, view in zip(rows[0], _SIDES_OF_HEAD, strict=True):
        axis.set_title(f"from the {view}")
    shell = head.surfaces["outer_skull"]
    for row, (values, most, words) in zip(
        rows,
        (
            (measures.skull_mm, _THICKEST_SKULL_MM, "skull, mm"),
            (measures.scalp_mm, _THICKEST_SCALP_MM, "scalp, mm"),
        ),
        strict=True,
    ):
        norm = Normalize(0.0, most, clip=True)
        of_triangle = values[shell[1]].mean(axis=1)
        colours = matplotlib.colormaps[_SHELLS](norm(np.nan_to_num(of_triangle)))[:, :3]
        colours[np.isnan(of_triangle)] = 0.85
        for axis, view in zip(row, _SIDES_OF_HEAD, strict=True):
            draw_scalp(axis, shell, view, colours)
        bar = figure.colorbar(ScalarMappable(norm, _SHELLS), ax=list(row), extend="max", shrink=0.8)
        bar.set_label(words)
        bar.outline.set_visible(False)
    return figure
