"""How electrodes came to their places: drawn on the scalp with what each was moved."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from multisource.anatomy.electrodes import Electrodes
from multisource.figures.scalp import Projection, draw_scalp, label_spots
from multisource.geometry.surfaces import Surface
from multisource.montage.record import Placement

_VIEWS = ("left", "top", "right")
_COLOURS = "cividis"
_RED = "#b03a2e"
_LEAST_MM = 5.0  # the colours reach at least as far, so that nothing small looks large


def plot_electrodes(
    scalp: Surface,
    electrodes: Electrodes,
    placement: Placement,
    landmarks: Mapping[str, np.ndarray],
) -> Figure:
    """Draw electrodes on the scalp, coloured by distances.

    Parameters
    ----------
    scalp : tuple of (ndarray of shape (n, 3), ndarray of shape (m, 3))
        Vertices in surface RAS, mm, and triangles.
    electrodes : Electrodes
        On the scalp.
    placement : Placement
        Where they were before, and how far that is.
    landmarks : mapping of str to ndarray of shape (3,)
        Nasion and ears of the MRI, mm.

    Returns
    -------
    Figure
        From the left, the top and the right: how far each electrode was moved to the scalp (a line
        leads to where it was), with the landmarks and, where they were measured, those of the
        digitiser and its points of the head's shape; and below, for names of the 10-05 system that
        are elsewhere, how far it is from the place of its name.
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
            picture = _view(axis, view, scalp, electrodes, placement, values, norm, landmarks)
            axis.set_title(f"from the {view}")
        figure.colorbar(picture, ax=line, label=words, shrink=0.8)
    handles, words = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, words, loc="outside lower center", ncols=len(words), frameon=False)
    said = [placement.how, placement.digitised.line()]
    said += [f"Warning: {line}" for line in placement.warnings]
    figure.suptitle("\n".join(textwrap.fill(line, 110) for line in said if line), fontsize=10)
    return figure


def _view(
    axis: Axes,
    view: str,
    scalp: Surface,
    electrodes: Electrodes,
    placement: Placement,
    values: np.ndarray,
    norm: Normalize,
    landmarks: Mapping[str, np.ndarray],
) -> PathCollection:
    project = draw_scalp(axis, scalp, view)
    measured = placement.digitised
    ears = np.array(list(measured.landmarks.values())).reshape(-1, 3)
    _mark(axis, project, measured.head_shape, "digitised: the head's shape", c=_RED, s=6)
    _mark(axis, project, ears, "digitised: nasion, ears", c=_RED, marker="x", s=60)
    own = np.array(list(landmarks.values()))
    looks = {"facecolors": "none", "edgecolors": "#1546d8"}
    _mark(axis, project, own, "nasion and ears of the MRI", s=70, **looks)
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


def _mark(axis: Axes, project: Projection, points: np.ndarray, words: str, **looks: Any) -> None:
    """Draw points that are on the side that is seen."""
    if len(points):
        places, seen = project(points)
        axis.scatter(*places[seen].T, label=words, zorder=2.5, **looks)
