"""A group of recordings: its mean map, and where people differ from chance together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from multisource.figures.brain import HEAT, draw_brain
from multisource.figures.cortex import Cortex
from multisource.figures.raster import rasterise

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

VIEWS = ("left lateral", "left medial", "right medial", "right lateral")
BRAIN, HEAD, ROW, FOOT = 2.2, 0.5, 2.5, 0.35  # inches
LOWEST = 0.5  # share of the mean's maximum below which the cortex stays grey


def group_figure(
    cortex: Cortex,
    mean: np.ndarray,
    sure: np.ndarray | None,
    *,
    title: str,
    mean_words: str,
    tested_words: str,
    pixels_per_mm: float = 3.0,
) -> Figure:
    """Draw the mean of a group, and the clusters of its test below.

    Parameters
    ----------
    cortex : Cortex
        The mesh and its dipoles.
    mean : ndarray of shape (N,)
        Mean map, zero where there is no cortex.
    sure : ndarray of shape (N,) or None
        t in the clusters that are told of, zero elsewhere; None without a test.
    title : str
        Printed above.
    mean_words, tested_words : str
        Above each row.
    pixels_per_mm : float
        Resolution of the brains.

    Returns
    -------
    Figure
        Four views a row: the mean from half its maximum on; t in red where the group is higher, in
        blue where it is lower.
    """
    rows: list[tuple[str, np.ndarray, float, float, Colormap]] = []
    highest = float(mean.max()) or 1.0
    rows.append((mean_words, mean, LOWEST * highest, highest, HEAT))
    if sure is not None:
        most = float(np.abs(sure).max()) or 1.0
        rows.append((tested_words, sure, -most, most, matplotlib.colormaps["RdBu_r"]))
    rasters = [rasterise(cortex, view, pixels_per_mm=pixels_per_mm) for view in VIEWS]
    width, height = len(VIEWS) * BRAIN + 0.6, HEAD + len(rows) * ROW
    figure = Figure(figsize=(width, height))
    figure.text(0.5, 1 - 0.12 / height, title, ha="center", va="top", fontsize=12, weight="bold")
    for k, (words, values, low, high, colours) in enumerate(rows):
        top = height - HEAD - k * ROW
        figure.text(0.5, top / height, words, ha="center", va="top", fontsize=9)
        for column, raster in enumerate(rasters):
            box = (0.3 + column * BRAIN, top - ROW + 0.35 + FOOT, BRAIN - 0.1, ROW - 0.65 - FOOT)
            axes = figure.add_axes(
                (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
            )
            # What is not in a cluster stays grey, between the colours of both signs.
            shown = values if low > 0 else np.where(values == 0, np.nan, values)
            scale = draw_brain(
                axes, cortex, raster, shown, lowest=low, highest=high, colours=colours
            )
        bar = figure.add_axes((0.4, (top - ROW + FOOT) / height, 0.2, 0.08 / height))
        figure.colorbar(scale, cax=bar, orientation="horizontal")
        bar.tick_params(labelsize=7, length=2)
    return figure
