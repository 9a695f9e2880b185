"""Masks of voxels: their connected parts."""

from __future__ import annotations

import numpy as np
import scipy  # loads scipy.ndimage, which takes long, when it is used


def largest_part(mask: np.ndarray) -> np.ndarray:
    """Return the largest part of a mask that is connected through faces of voxels.

    Parameters
    ----------
    mask : ndarray of bool
        Of any number of dimensions.

    Returns
    -------
    ndarray of bool
        Of the same shape; empty where the mask is.
    """
    parts, count = scipy.ndimage.label(mask)
    if count == 0:
        return np.zeros(np.shape(mask), dtype=bool)
    return parts == np.bincount(parts.ravel())[1:].argmax() + 1


def voxel_volume(affine: np.ndarray) -> float:
    """Return the volume of a voxel.

    Parameters
    ----------
    affine : ndarray of shape (4, 4)
        From voxels to space, usually mm.

    Returns
    -------
    float
        In the cubed unit of the affine (mm3).
    """
    return float(abs(np.linalg.det(affine[:3, :3])))
