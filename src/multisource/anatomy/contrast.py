"""Whether a volume looks like a T1 of a head: a dark background, a dark skull under a scalp."""

from __future__ import annotations

import numpy as np
import scipy  # loads scipy.ndimage, which takes long, when it is used

from multisource.anatomy.field_of_view import outline
from multisource.errors import UserError

CORNER = 0.12  # share of each axis that belongs to a corner, where no head is
# Of the corners over the 98th percentile of the volume. Colin27 with noise of 5 % of its range: a
# median of 0 and a standard deviation of .07; with the noise of an MP2RAGE: .52 and .30.
BRIGHT = 0.6
LOUD = 0.2
# How far the mean brightness falls on the way from the scalp into the skull, over the brain's. On
# two heads and children's made from them .44 to .80 (.23 at voxels of 2.5 mm), on a brain alone 0.
FALL = 0.15
SHELL_MM, DEEP_MM = 3.0, (21.0, 36.0)
UPPER_MM = 70.0  # below the top of the head: brain, skull and scalp alone


def check_background(data: np.ndarray, *, name: str) -> None:
    """Refuse a volume whose background is bright or full of noise.

    Parameters
    ----------
    data : ndarray of shape (i, j, k)
        Values, axes right, anterior, superior.
    name : str
        Name of the file, for the message.

    Raises
    ------
    UserError
        For an inverted contrast, and for the noise round the head that an MP2RAGE's UNI image has.
    """
    bright = float(np.percentile(data, 98))
    count = [max(2, int(CORNER * size)) for size in data.shape]
    ends = [(slice(0, n), slice(-n, None)) for n in count]
    # The upper four: at the lower ones there may be shoulders.
    corners = np.concatenate([data[x, y, ends[2][1]].ravel() for x in ends[0] for y in ends[1]])
    middle, spread = float(np.median(corners)) / bright, float(corners.std()) / bright
    if middle > BRIGHT and spread < LOUD:
        raise UserError(
            f"{name}: the background is as bright as the head: the contrast is inverted; give the "
            "T1-weighted image as the scanner made it"
        )
    if spread > LOUD or middle > LOUD:
        raise UserError(
            f"{name}: the background is full of noise, as in the UNI image of an MP2RAGE; give "
            "the image with its background removed (often called UNI-DEN), or multiply it by the "
            "second inversion's image"
        )


def check_scalp(data: np.ndarray, affine: np.ndarray, *, name: str) -> None:
    """Refuse a brain without skull and scalp.

    Parameters
    ----------
    data : ndarray of shape (i, j, k)
        Values, axes right, anterior, superior.
    affine : ndarray of shape (4, 4)
        From voxel indices to mm.
    name : str
        Name of the file, for the message.

    Raises
    ------
    UserError
        When brightness only rises from the surface inward.
    """
    head, values, voxel = outline(data, affine)
    depth = scipy.ndimage.distance_transform_edt(head, sampling=voxel)
    top = int(np.flatnonzero(head.any(axis=(0, 1))).max())
    depth[:, :, : max(0, round(top - UPPER_MM / voxel[2]))] = 0

    def brightness(low: float, high: float) -> float:
        shell = (depth > low) & (depth <= high)
        return float(np.median(values[shell])) if shell.any() else np.nan

    steps = np.arange(0.0, DEEP_MM[0], SHELL_MM)
    profile = np.array([brightness(low, low + SHELL_MM) for low in steps]) / brightness(*DEEP_MM)
    profile = profile[np.isfinite(profile)]
    fall = float((np.maximum.accumulate(profile) - profile).max(initial=0.0))
    if fall < FALL:
        raise UserError(
            f"{name}: there is no dark skull under a bright scalp: the brain alone (stripped), or "
            "no T1; give the scan of the whole head"
        )
