"""Potentials on the scalp, seen from above, nose up: MNE-Python's topographic map."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.contour import QuadContourSet
from matplotlib.image import AxesImage


def draw_topography(axes: Axes, values: np.ndarray, electrodes: np.ndarray) -> AxesImage:
    """Draw values at the electrodes, interpolated, seen from above, nose up.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    values : ndarray of shape (E,)
        Any unit; the colours reach from minus to plus the largest.
    electrodes : ndarray of shape (E, 3)
        mm, surface RAS.

    Returns
    -------
    AxesImage
        What a colour bar needs.
    """
    from mne.viz import plot_topomap

    place, rim = scalp_plane(electrodes)
    largest = float(np.abs(values).max())
    picture, _ = plot_topomap(
        values,
        place,
        axes=axes,
        sphere=(0, 0, 0, rim),
        cmap="RdBu_r",
        vlim=(-largest, largest),
        contours=8,
        sensors=False,
        show=False,
    )
    axes.plot(*place.T, ".", color="0.1", markersize=1.8)
    for line in axes.collections:
        if isinstance(line, QuadContourSet):
            line.set_linewidth(0.3)
    for letter, side, align in (("L", -1, "right"), ("R", 1, "left")):
        axes.text(1.18 * side * rim, 0, letter, ha=align, va="center", fontsize=8)
    return picture


def scalp_plane(electrodes: np.ndarray) -> tuple[np.ndarray, float]:
    """Lay the scalp flat: electrodes seen from above, nose up.

    The angle from the vertex becomes the distance from the middle, so that the rim is seen.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        mm.

    Returns
    -------
    places : ndarray of shape (E, 2)
        Where each is drawn.
    rim : float
        The head's radius there.
    """
    centred = electrodes - electrodes.mean(axis=0) * [1, 1, 0]
    height = centred[:, 2] - np.median(centred[:, 2])
    angle = np.arctan2(np.hypot(centred[:, 0], centred[:, 1]), height + 40.0)
    direction = centred[:, :2] / np.maximum(np.hypot(*centred[:, :2].T), 1e-9)[:, None]
    place = direction * angle[:, None]
    return place, 1.12 * np.abs(place).max()
