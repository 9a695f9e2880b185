"""Area of cortex that each dipole stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from multisource.geometry.surfaces import vertex_areas

if TYPE_CHECKING:
    import mne


def dipole_areas(forward: mne.Forward) -> np.ndarray | None:
    """Share the area of the surfaces among the dipoles.

    Parameters
    ----------
    forward : mne.Forward
        A forward solution; its source spaces may hold the surfaces they were chosen from.

    Returns
    -------
    ndarray of shape (N,) or None
        Area of the vertices that have a dipole as their nearest, mm^2; None without surfaces.
    """
    areas = []
    for part in forward["src"]:
        triangles = np.asarray(part.get("tris", ()))
        if not len(triangles):
            return None
        area = vertex_areas(part["rr"] * 1e3, triangles)
        nearest = cKDTree(part["rr"][part["vertno"]]).query(part["rr"])[1]
        areas.append(np.bincount(nearest, area, minlength=len(part["vertno"])))
    return np.concatenate(areas)
