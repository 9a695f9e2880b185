"""The head at a glance: tissue slices, surface outlines, electrodes on the scalp."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from multisource.anatomy.electrodes import Electrodes
from multisource.anatomy.head import TISSUES, Head
from multisource.figures.scalp import draw_scalp, label_spots
from multisource.geometry.surfaces import plane_section

_COLOURS = ["#ffffff", "#f2e6c9", "#b9848c", "#a9d3e8", "#f4f1e4", "#e7bfa0"]
_LINES = {
    "white": "#7a5c00",
    "pial": "#8c1c2b",
    "inner_skull": "#1f6f9c",
    "outer_skull": "#333333",
    "outer_skin": "#9a5a2c",
}
_VIEWS = (
    ("sagittal", 0, 1, 2, "P  A"),
    ("coronal", 1, 0, 2, "L  R"),
    ("axial", 2, 0, 1, "L  R"),
)


def plot_anatomy(
    head: Head, electrodes: Electrodes, *, centre: tuple[float, float, float] | None = None
) -> Figure:
    """Draw sagittal, coronal and axial slices with outlines, and three views of the scalp.

    Parameters
    ----------
    head : Head
        Tissues and surfaces.
    electrodes : Electrodes
        Drawn on the scalp.
    centre : tuple of three float, optional
        Point (mm, surface RAS) that the slices pass through; by default the middle of the inner
        skull, 8 mm off the midline so that the sagittal slice shows cortex.

    Returns
    -------
    Figure
        Slices above, the scalp below.
    """
    if centre is None:
        inner = head.surfaces["inner_skull"][0]
        centre = tuple((inner.max(axis=0) + inner.min(axis=0)) / 2.0 + [8.0, 0.0, 0.0])
    figure = Figure(figsize=(13, 9), layout="constrained")
    axes = figure.subplots(2, 3)
    for axis, (title, normal, across, up, _) in zip(axes[0], _VIEWS, strict=True):
        _slice(axis, head, electrodes, centre[normal], normal, across, up)
        axis.set_title(f"{title}, {'xyz'[normal]} = {centre[normal]:.0f} mm")
    for axis, view in zip(axes[1], ("left", "front", "top"), strict=True):
        _scalp(axis, head, electrodes, view)
        axis.set_title(f"electrodes, from the {view}")
    handles = [
        Patch(facecolor=_COLOURS[label], edgecolor="#555555", label=name)
        for label, name in TISSUES.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, frameon=False)
    return figure


def _slice(
    axis: Axes,
    head: Head,
    electrodes: Electrodes,
    position: float,
    normal: int,
    across: int,
    up: int,
) -> None:
    origin, step = head.affine[:3, 3], head.affine[:3, :3]
    index = int(np.rint((position - origin[normal]) / step[normal, normal]))
    index = int(np.clip(index, 0, head.tissues.shape[normal] - 1))
    image = np.take(head.tissues, index, axis=normal).T
    bounds = []
    for k in (across, up):
        first, last = origin[k], origin[k] + step[k, k] * (head.tissues.shape[k] - 1)
        bounds += [first - step[k, k] / 2, last + step[k, k] / 2]
    axis.imshow(
        image,
        origin="lower",
        extent=(bounds[0], bounds[1], bounds[2], bounds[3]),
        cmap=ListedColormap(_COLOURS),
        norm=BoundaryNorm(np.arange(-0.5, 6.5), 6),
        interpolation="nearest",
    )
    for name, (vertices, triangles) in head.surfaces.items():
        kind = name.split(".")[-1]
        if kind not in _LINES:
            continue
        segments = plane_section(vertices, triangles, normal, position)
        flat = list(segments[:, :, [across, up]])
        lines = LineCollection(flat, colors=_LINES[kind], linewidths=0.7)
        axis.add_collection(lines)
    near = np.abs(electrodes.positions[:, normal] - position) < 6.0
    axis.plot(*electrodes.positions[near][:, [across, up]].T, "o", color="black", markersize=4)
    axis.set_aspect("equal")
    axis.set_xlabel(f"{'xyz'[across]} (mm)")
    axis.set_ylabel(f"{'xyz'[up]} (mm)")


def _scalp(axis: Axes, head: Head, electrodes: Electrodes, view: str) -> None:
    project = draw_scalp(axis, head.surfaces["outer_skin"], view)
    spots, seen = project(electrodes.positions)
    axis.plot(*spots[seen].T, "o", color="#c2342b", markersize=5, zorder=2)
    label_spots(axis, np.array(electrodes.names)[seen], spots[seen])
