"""The cortex of fsaverage5 inside the nilearn wheel: surfaces and folding of both hemispheres."""

from __future__ import annotations

from typing import cast

import nibabel
import numpy as np
from nibabel.gifti import GiftiImage

from multisource.anatomy.package_data import package_data
from multisource.geometry.surfaces import Surface

_WORDS = {"lh": "left", "rh": "right"}
_FILES = {"inflated": "infl"}  # nilearn's name, where it is not FreeSurfer's


def packaged_cortex(*kinds: str) -> dict[str, Surface]:
    """Read surfaces of fsaverage5.

    Parameters
    ----------
    *kinds : str
        white, pial, sphere or inflated. The sphere is FreeSurfer's sphere.reg too: fsaverage is
        what other brains are registered to.

    Returns
    -------
    dict of str to Surface
        By name (lh.white, ...): vertices (10242, 3), mm, and triangles.
    """
    surfaces = {}
    for side in _WORDS:
        for kind in kinds:
            vertices, triangles = _arrays(side, _FILES.get(kind, kind))
            surfaces[f"{side}.{kind}"] = vertices.astype(np.float64), triangles.astype(np.int64)
    return surfaces


def packaged_folding(kind: str) -> dict[str, np.ndarray]:
    """Read how fsaverage5 is folded.

    Parameters
    ----------
    kind : str
        curv (mean curvature, 1/mm) or sulc (depth, mm); positive in sulci.

    Returns
    -------
    dict of str to ndarray of shape (10242,)
        By lh and rh.
    """
    return {side: _arrays(side, kind)[0].astype(np.float64) for side in _WORDS}


def _arrays(side: str, file: str) -> list[np.ndarray]:
    folder = package_data("nilearn", "datasets", "data", "fsaverage5")
    image = cast(GiftiImage, nibabel.load(folder / f"{file}_{_WORDS[side]}.gii.gz"))
    return [array.data for array in image.darrays]
