"""The scalp in grey, seen from a side, for what is drawn on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from multisource.geometry.surfaces import Surface, vertex_normals

# For each view the axis that looks at the eye and its sign, the axes across and up, and whether
# across is mirrored.
_VIEWS = {
    "left": (0, -1.0, 1, 2, -1.0),
    "right": (0, 1.0, 1, 2, 1.0),
    "front": (1, 1.0, 0, 2, -1.0),
    "back": (1, -1.0, 0, 2, 1.0),
    "top": (2, 1.0, 0, 1, 1.0),
}
Projection = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def draw_scalp(
    axis: Axes, scalp: Surface, view: str, colours: np.ndarray | None = None
) -> Projection:
    """Draw a shaded scalp, or another shell of the head.

    Parameters
    ----------
    axis : Axes
        Where to draw.
    scalp : tuple of (ndarray of shape (n, 3), ndarray of shape (m, 3))
        Vertices in surface RAS, mm, and triangles.
    view : str
        "left", "right", "front", "back" or "top": where the eye is.
    colours : ndarray of shape (m, 3), optional
        Colour of each triangle, values 0 to 1; grey by default.

    Returns
    -------
    callable
        From points (p, 3) in surface RAS, mm, to their places (p, 2) in the axes, and which of
        them (p,) are on the side that is seen.
    """
    normal, sign, across, up, mirror = _VIEWS[view]
    vertices, triangles = scalp
    normals = vertex_normals(vertices, triangles)
    depth = sign * vertices[triangles].mean(axis=1)[:, normal]
    order = np.argsort(depth)
    light = normals[triangles[order]].mean(axis=1)
    shade = 0.45 + 0.5 * np.clip(sign * light[:, normal] * 0.8 + 0.25 * light[:, 2], 0, 1)
    corners = vertices[triangles[order]][:, :, [across, up]] * [mirror, 1.0]
    facing = sign * light[:, normal] > -0.1
    painted = np.repeat(shade[facing][:, None], 3, axis=1)
    if colours is not None:
        painted = colours[order][facing] * (0.6 + 0.4 * painted)
    shapes = PolyCollection(corners[facing], facecolors=painted, zorder=1)
    if colours is not None:
        shapes.set(edgecolors="face", linewidths=0.4)  # no seams between the colours
    axis.add_collection(shapes)
    axis.set_aspect("equal")
    axis.autoscale_view()
    axis.set_axis_off()
    middle = vertices.mean(axis=0)

    def project(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        direction = points - middle
        seen = sign * direction[:, normal] > -0.15 * np.linalg.norm(direction, axis=1)
        return points[:, [across, up]] * [mirror, 1.0], seen

    return project


def label_spots(axis: Axes, names: Sequence[str] | np.ndarray, spots: np.ndarray) -> None:
    """Write names beside spots, smaller where they are many.

    Parameters
    ----------
    axis : Axes
        Where to write.
    names : sequence of str
        N names.
    spots : ndarray of shape (N, 2)
        Their places.
    """
    size = 7 if len(names) < 60 else 5 if len(names) < 120 else 3.5
    for name, spot in zip(names, spots, strict=True):
        axis.annotate(
            str(name), spot, xytext=(3, 3), textcoords="offset points", fontsize=size, zorder=3
        )
