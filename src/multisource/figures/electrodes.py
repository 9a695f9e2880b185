"""How electrodes came to their places: drawn on the scalp with what each was moved."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from multisource.anatomy.electrodes import Electrodes
from multisource.figures.scalp import draw_scalp, label_spots
from multisource.geometry.surfaces import Surface
from multisource.montage.record import Placement

_VIEWS = ("left", "top", "right")
_COLOURS = "cividis"
_LEAST_MM = 5.0  # the colours reach at least as far, so that nothing small looks large


def plot_electrodes(scalp: Surface, electrodes: Electrodes, placement: Placement) -> Figure:
    """Draw electrodes on the scalp, coloured by distances.

    Parameters
    ----------
    scalp : tuple of (ndarray of shape (n, 3), ndarray of shape (m, 3))
        Vertices in surface RAS, mm, and triangles.
    electrodes : Electrodes
        On the scalp.
    placement : Placement
        Where they were before, and how far that is.

    Returns
    -------
    Figure
        From the left, the top and the right: how far each electrode was moved to the scalp (a line
        leads to where it was), and below, for names of the 10-05 system that are elsewhere, how
        far it is from the place of its name.
    """
    rows = [("moved to the scalp, mm", placement.moved_mm)]
    off = placement.from_standard_mm
    if np.isfinite(off).any() and np.nanmax(off) >= 0.5:
        rows.append(("from the place of its name (10-05), mm", off))
    figure = Figure(figsize=(13, 4.6 * len(rows) + 0.6), layout="constrained")
    axes = figure.subplots(len(rows), len(_VIEWS), squeeze=False)
    for line, (words, values) in zip(axes, rows, strict=True):
        norm = Normalize(0.0, max(_LEAST_MM, float(np.nanmax(values))))
        for axis, view in zip(line, _VIEWS, strict=True):
            picture = _view(axis, view, scalp, electrodes, placement, values, norm)
            axis.set_title(f"from the {view}")
        figure.colorbar(picture, ax=line, label=words, shrink=0.8)
    said = [placement.how, *(f"Warning: {line}" for line in placement.warnings)]
    figure.suptitle("\n".join(textwrap.fill(line, 110) for line in said), fontsize=10)
    return figure


def _view(
    axis: Axes,
    view: str,
    scalp: Surface,
    electrodes: Electrodes,
    placement: Placement,
    values: np.ndarray,
    norm: Normalize,
) -> PathCollection:
    project = draw_scalp(axis, scalp, view)
    spots, seen = project(electrodes.positions)
    before, _ = project(placement.before)
    lines = np.stack([spots[seen], before[seen]], axis=1)
    axis.add_collection(LineCollection(list(lines), colors="black", linewidths=0.8, zorder=2))
    picture = axis.scatter(
        spots[seen, 0],
        spots[seen, 1],
        c=values[seen],
        norm=norm,
        cmap=_COLOURS,
        s=45 if len(spots) < 120 else 20,
        edgecolors="black",
        linewidths=0.5,
        zorder=3,
        plotnonfinite=True,
    )
    label_spots(axis, np.array(electrodes.names)[seen], spots[seen])
    return picture
