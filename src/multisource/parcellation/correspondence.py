"""Which vertex of the packaged cortex (fsaverage5) each vertex of a head answers to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from nibabel.affines import apply_affine
from scipy.spatial import cKDTree

from multisource.anatomy.fsaverage import MNI305_TO_MNI152
from multisource.anatomy.fsaverage5 import packaged_cortex
from multisource.geometry.surfaces import Surface
from multisource.parcellation.atlases import SIDES

SAME, REGISTERED, NEAREST = "the same cortex", "FreeSurfer's registration", "nearest in MNI152"
_SPHERE_MM = 100.0  # radius of FreeSurfer's registered spheres


@dataclass(frozen=True)
class Correspondence:
    """A head's vertices and those of fsaverage5.

    Attributes
    ----------
    route : str
        How they were matched: ``SAME``, ``REGISTERED`` or ``NEAREST``.
    vertex : mapping of str to ndarray of int, shape (V,)
        lh and rh: the vertex of fsaverage5.
    distance_mm : mapping of str to ndarray of shape (V,)
        How far it is: along the registered sphere, or in MNI152; 0 for the same cortex.
    """

    route: str
    vertex: Mapping[str, np.ndarray]
    distance_mm: Mapping[str, np.ndarray]


def match_cortex(
    surfaces: Mapping[str, Surface],
    to_mni: np.ndarray,
    registered: Mapping[str, Surface] | None = None,
) -> Correspondence:
    """Match the vertices of a head's cortex with those of fsaverage5.

    Parameters
    ----------
    surfaces : mapping of str to Surface
        {lh,rh}.{white,sphere} of the head, mm.
    to_mni : ndarray of shape (4, 4)
        From mm of the head's surface RAS to mm of MNI152.
    registered : mapping of str to Surface, optional
        {lh,rh}.sphere.reg: the head's spheres, registered to fsaverage by FreeSurfer.

    Returns
    -------
    Correspondence
        By the sphere where the head is fsaverage5 itself or is registered to it; else by the white
        surfaces in MNI152, which knows nothing of the folds.
    """
    template = packaged_cortex("white", "sphere")
    names = [f"{side}.sphere" for side in SIDES]
    if all(_equal(surfaces[name], template[name]) for name in names):
        count = {side: len(surfaces[f"{side}.sphere"][0]) for side in SIDES}
        return Correspondence(
            SAME,
            {side: np.arange(n) for side, n in count.items()},
            {side: np.zeros(n) for side, n in count.items()},
        )
    vertex, distance = {}, {}
    for side in SIDES:
        if registered:
            goal = _unit(template[f"{side}.sphere"][0])
            points = _unit(registered[f"{side}.sphere.reg"][0])
        else:
            goal = apply_affine(MNI305_TO_MNI152, template[f"{side}.white"][0])
            points = apply_affine(to_mni, surfaces[f"{side}.white"][0])
        distance[side], vertex[side] = cKDTree(goal).query(points)
    return Correspondence(REGISTERED if registered else NEAREST, vertex, distance)


def _equal(one: Surface, other: Surface) -> bool:
    """Whether two spheres are one, to the micrometre that a FreeSurfer file keeps."""
    return (
        one[0].shape == other[0].shape
        and np.array_equal(one[1], other[1])
        and bool(np.allclose(one[0], other[0], atol=1e-3))
    )


def _unit(sphere: np.ndarray) -> np.ndarray:
    return _SPHERE_MM * sphere / np.linalg.norm(sphere, axis=1, keepdims=True)
