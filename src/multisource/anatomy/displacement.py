"""Electrodes that are not where they were meant to be: moved at random along the scalp."""

from __future__ import annotations

import numpy as np

from multisource.anatomy.electrodes import Electrodes
from multisource.geometry.closest_points import closest_points
from multisource.geometry.surfaces import tangents


def displaced(
    electrodes: Electrodes,
    scalp: tuple[np.ndarray, np.ndarray],
    *,
    error_mm: float,
    generator: np.random.Generator,
) -> Electrodes:
    """Move every electrode by a random distance along the scalp.

    Parameters
    ----------
    electrodes : Electrodes
        E electrodes on the scalp.
    scalp : tuple of ndarray
        Vertices (n, 3), mm, and triangles (m, 3).
    error_mm : float
        Root mean square of the distances, mm: the two tangential components are Gaussian.
    generator : numpy.random.Generator
        Where the random numbers come from.

    Returns
    -------
    Electrodes
        The same channels, elsewhere on the scalp.
    """
    vertices, triangles = scalp
    _, _, owner = closest_points(vertices, triangles, electrodes.positions)
    corners = vertices[triangles[owner]]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = error_mm / np.sqrt(2) * generator.standard_normal((len(electrodes), 2))
    moved = electrodes.positions + np.einsum("ek,ekd->ed", size, tangents(normals))
    return Electrodes(electrodes.names, closest_points(vertices, triangles, moved)[0])
