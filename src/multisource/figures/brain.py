"""Shaded cortical maps on matplotlib axes, without OpenGL."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, to_rgb

from multisource.figures.cortex import Cortex, spread_to_vertices
from multisource.figures.raster import Raster

# The paper's scale: "from highest to lowest: white, yellow, orange, red".
HEAT = LinearSegmentedColormap.from_list(
    "heat", ["#b30d0d", "#e8320c", "#ff8c00", "#ffd500", "#fff7a8", "#ffffff"]
)
GYRUS, SULCUS = np.array(to_rgb("#e6e4e1")), np.array(to_rgb("#a8a5a1"))
TRUTH = "#1546d8"
DIRECTIONS = ("R", "L"), ("A", "P"), ("S", "I")


def paint(
    cortex: Cortex,
    raster: Raster,
    values: np.ndarray | None = None,
    *,
    lowest: float = 0.0,
    highest: float = 1.0,
    colours: Colormap = HEAT,
    oversampling: int = 2,
) -> np.ndarray:
    """Paint one view of the cortex, with a map on it.

    Parameters
    ----------
    cortex : Cortex
        What is drawn.
    raster : Raster
        What the view sees of it.
    values : ndarray of shape (N,), optional
        One value per dipole; without it the cortex is plain grey.
    lowest, highest : float
        Ends of the colour scale; below ``lowest`` the cortex stays grey.
    colours : Colormap
        Colours from ``lowest`` to ``highest``.
    oversampling : int
        The raster is averaged over so many pixels per side, which smooths the edges.

    Returns
    -------
    ndarray of shape (h, w, 4)
        RGBA picture, values 0 to 1, row 0 at the bottom.
    """
    normal = raster.interpolate(cortex, cortex.normals)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    key = np.array([-0.35, 0.55, 0.9]) @ raster.axes
    diffuse = np.clip(normal @ (key / np.linalg.norm(key)), 0, 1)[:, None]
    facing = np.clip(normal @ raster.axes[2], 0, 1)[:, None]
    sulcal = 0.5 - 0.5 * np.tanh(raster.interpolate(cortex, cortex.relief)[:, None] / 0.9)
    colour = GYRUS * (1 - sulcal) + SULCUS * sulcal
    colour *= (0.62 + 0.48 * diffuse) * (0.62 + 0.38 * facing)
    if values is not None:
        field = raster.interpolate(cortex, spread_to_vertices(cortex, values))
        shown = field >= lowest
        level = np.clip((field[shown] - lowest) / max(highest - lowest, 1e-12), 0, 1)
        # A map is read by its colour, so it is shaded less than the cortex round it.
        soft = (0.8 + 0.2 * diffuse[shown]) * (0.88 + 0.12 * facing[shown]) * 1.03
        colour[shown] = colours(level)[:, :3] * soft
    picture = np.zeros((*raster.depth.shape, 4))
    picture[raster.seen, :3] = np.clip(colour, 0, 1)
    picture[raster.seen, 3] = 1.0
    height, width = (n // oversampling for n in raster.depth.shape)
    picture = picture[: height * oversampling, : width * oversampling]
    picture = picture.reshape(height, oversampling, width, oversampling, 4).mean(axis=(1, 3))
    picture[..., :3] /= np.maximum(picture[..., 3:], 1e-9)
    return np.clip(picture, 0, 1)


def draw_brain(
    axes: Axes,
    cortex: Cortex,
    raster: Raster,
    values: np.ndarray | None = None,
    *,
    lowest: float = 0.0,
    highest: float = 1.0,
    colours: Colormap = HEAT,
    truth: np.ndarray | None = None,
    centres: Sequence[int] = (),
    dot_size: float = 3.0,
) -> ScalarMappable:
    """Draw one view with its map, the truth as blue dots and letters for the directions.

    Parameters
    ----------
    axes : Axes
        Where to draw; its frame goes.
    cortex : Cortex
        What is drawn.
    raster : Raster
        What the view sees of it.
    values : ndarray of shape (N,), optional
        The map, one value per dipole.
    lowest, highest : float
        Ends of the colour scale; below ``lowest`` the cortex stays grey.
    colours : Colormap
        Colours from ``lowest`` to ``highest``.
    truth : ndarray of shape (N,), optional
        Bool or coefficients: dipoles above zero that the view sees become dots.
    centres : sequence of int
        Dipole indices, drawn as rings.
    dot_size : float
        Area of a dot, points squared.

    Returns
    -------
    ScalarMappable
        What a colour bar needs.
    """
    picture = paint(cortex, raster, values, lowest=lowest, highest=highest, colours=colours)
    left, right, bottom, top = raster.extent
    axes.imshow(picture, origin="lower", extent=raster.extent, interpolation="antialiased")
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    axes.set_axis_off()
    if truth is not None:
        active = cortex.dipoles[np.asarray(truth) > 0]
        dots = raster.project(cortex.vertices[active[raster.sees(cortex, active)]])
        axes.scatter(dots[:, 0], dots[:, 1], s=dot_size, c=TRUTH, linewidths=0, zorder=3)
    middle = cortex.dipoles[np.asarray(centres, int)] if len(centres) else np.zeros(0, int)
    rings = raster.project(cortex.vertices[middle[raster.sees(cortex, middle)]])
    axes.scatter(
        rings[:, 0],
        rings[:, 1],
        s=12 * dot_size,
        c=TRUTH,
        edgecolors="white",
        linewidths=0.8,
        zorder=4,
    )
    for letter, x, y in direction_letters(raster):
        axes.text(
            x,
            y,
            letter,
            transform=axes.transAxes,
            ha="center",
            va="center",
            fontsize=7,
            color="#6b6b6b",
        )
    return ScalarMappable(Normalize(lowest, highest), colours)


def direction_letters(raster: Raster) -> list[tuple[str, float, float]]:
    """Name the directions at the edges of a view; up and down only where not head and foot.

    Parameters
    ----------
    raster : Raster
        The view.

    Returns
    -------
    list of (str, float, float)
        Letter (R L A P S I) and its place in axes coordinates.
    """
    letters = []
    for row, places in ((0, ((1.02, 0.5), (-0.02, 0.5))), (1, ((0.5, 1.03), (0.5, -0.03)))):
        along = int(np.argmax(np.abs(raster.axes[row])))
        positive, negative = DIRECTIONS[along]
        if (positive, negative) == ("S", "I"):
            continue
        if raster.axes[row, along] < 0:
            positive, negative = negative, positive
        letters += [(positive, *places[0]), (negative, *places[1])]
    return letters
