"""What electrodes are laid on: the scalp of a head, its landmarks, and its place in MNI space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from multisource.anatomy.landmarks import LANDMARKS
from multisource.geometry.closest_points import closest_points

if TYPE_CHECKING:
    from multisource.anatomy.head import Head

FAR_MM = 50.0


@dataclass(frozen=True)
class Target:
    """The outside of a head.

    Attributes
    ----------
    scalp : tuple of (ndarray of shape (n, 3), ndarray of shape (m, 3))
        Vertices in surface RAS, mm, and triangles.
    fiducials : dict of str to ndarray of shape (3,)
        "lpa", "nasion" and "rpa", mm.
    to_mni : ndarray of shape (4, 4)
        From surface RAS, mm, to MNI152, mm.
    """

    scalp: tuple[np.ndarray, np.ndarray]
    fiducials: dict[str, np.ndarray]
    to_mni: np.ndarray

    def landmarks(self) -> np.ndarray:
        """Return the landmarks as an array.

        Returns
        -------
        ndarray of shape (3, 3)
            lpa, nasion, rpa, mm.
        """
        return np.array([self.fiducials[name] for name in LANDMARKS])

    def distances(self, points: np.ndarray) -> np.ndarray:
        """Return how far points are from the scalp.

        Parameters
        ----------
        points : ndarray of shape (p, 3)
            In surface RAS, mm.

        Returns
        -------
        ndarray of shape (p,)
            In mm. From the nearest vertex where that is far: exact distances of points that are
            nowhere near take long, and nobody needs them.
        """
        vertices, triangles = self.scalp
        distance, _ = cKDTree(vertices).query(points)
        near = distance < FAR_MM
        if near.any():
            distance[near] = closest_points(vertices, triangles, points[near])[1]
        return distance


def packaged_target(
    *,
    scale: float = 1.0,
    skull_fraction: float = 0.5,
    skull_thickness_mm: tuple[float, float] = (4.0, 8.0),
) -> Target:
    """Build the outside of the packaged head, in seconds, where there is no head yet.

    Parameters
    ----------
    scale, skull_fraction, skull_thickness_mm : float, float, tuple of two float
        As for :func:`multisource.anatomy.fsaverage.fsaverage_head`.

    Returns
    -------
    Target
        Its scalp, landmarks and transform.
    """
    from multisource.anatomy.fsaverage import (
        fsaverage_landmarks,
        fsaverage_surfaces,
        fsaverage_to_mni,
    )

    surfaces = fsaverage_surfaces(scale, skull_fraction, skull_thickness_mm)
    return Target(surfaces["outer_skin"], fsaverage_landmarks(scale), fsaverage_to_mni(scale))


def target_of(head: Head) -> Target:
    """Take the outside of a head.

    Parameters
    ----------
    head : Head
        The head.

    Returns
    -------
    Target
        Its outermost surface, landmarks and transform.
    """
    return Target(head.surfaces["outer_skin"], head.fiducials, head.to_mni)
