"""Whether a T1 shows the whole head: where its surface is a plane, something has been cut off.

A head is round: its outline shrinks to nothing towards each side but the neck. Where the last slice
of it is nearly as large as one 9 mm deeper, the field of view ended, or was filled with zeros.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

import numpy as np
import scipy  # loads scipy.ndimage, which takes long, when it is used
from nibabel.affines import voxel_sizes

from multisource.errors import UserError
from multisource.geometry.masks import largest_part

logger = logging.getLogger(__name__)

GRID_MM = 3.0
DEPTH_MM = 9.0
# On Colin27 and another head, whole, at 1 to 3 mm, and children's made from them: at most 40 cm2
# and .33 (an ear), or 36 and .47 (a nose). Cut by 8 mm and more: at least 63 cm2 and .55.
LEAST_CM2 = 45.0
FLAT = 0.5
# The caps of the 10-05 system reach no deeper below the top of the head than nasion and inion.
CAP_MM = 105.0
LEAST_HEIGHT_MM = 110.0
# Of a cut within the cap's reach: an electrode and its surroundings.
CAP_CM2 = 10.0
_SIDES = (("left", "right"), ("back", "front"), ("bottom", "top"))


class Cut(NamedTuple):
    """A side of the head that is a plane.

    Attributes
    ----------
    side : str
        left, right, back, front or top.
    area_cm2 : float
        Of the plane.
    cap_cm2 : float
        What of it lies where a cap has electrodes.
    """

    side: str
    area_cm2: float
    cap_cm2: float


def cuts(head: np.ndarray, voxel: np.ndarray) -> list[Cut]:
    """Find the sides at which a head is cut off; the neck is no matter.

    Parameters
    ----------
    head : ndarray of bool, shape (x, y, z)
        Mask of the head, axes right, anterior, superior, of :func:`outline`.
    voxel : ndarray of shape (3,)
        Edges of its voxels, mm.

    Returns
    -------
    list of Cut
        None for a whole head.
    """
    where = np.argwhere(head)
    low, high = where.min(axis=0), where.max(axis=0)
    cap_from = high[2] - round(CAP_MM / voxel[2])
    found = []
    for axis, names in enumerate(_SIDES):
        pixel = float(np.prod(np.delete(voxel, axis))) / 100
        deep = max(1, round(DEPTH_MM / voxel[axis]))
        for side, last, inner in (
            (names[0], low[axis], low[axis] + deep),
            (names[1], high[axis], high[axis] - deep),
        ):
            if side == "bottom" or not 0 <= inner < head.shape[axis]:
                continue
            plane = np.take(head, last, axis=axis)
            area = plane.sum() * pixel
            deeper = np.take(head, inner, axis=axis).sum() * pixel
            if area >= LEAST_CM2 and area >= FLAT * deeper:
                cap = area if axis == 2 else plane[:, max(cap_from, 0) :].sum() * pixel
                found.append(Cut(side, float(area), float(cap)))
    return found


def outline(data: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the head on a grid of about 3 mm.

    Parameters
    ----------
    data : ndarray of shape (i, j, k)
        Values of a volume.
    affine : ndarray of shape (4, 4)
        From voxel indices to mm.

    Returns
    -------
    head : ndarray of bool, shape (x, y, z)
        Its mask; everything, where nothing is bright.
    values : ndarray of shape (x, y, z)
        Means of the volume's values.
    voxel : ndarray of shape (3,)
        Edges of the grid's voxels, mm.
    """
    voxel = voxel_sizes(affine)
    step = np.maximum((GRID_MM / voxel).round().astype(int), 1)
    smooth = scipy.ndimage.uniform_filter(data, step)[tuple(slice(None, None, s) for s in step)]
    bright = smooth > 0.12 * np.percentile(smooth, 98)
    # Over the dark skull, so that the scalp is a part of the head.
    bright = scipy.ndimage.binary_closing(np.pad(bright, 2), iterations=2)[2:-2, 2:-2, 2:-2]
    head = scipy.ndimage.binary_fill_holes(largest_part(bright)) if bright.any() else ~bright
    return head, smooth, voxel * step


def check_view(data: np.ndarray, affine: np.ndarray, *, name: str) -> None:
    """Refuse a head that is cut off where electrodes are; warn of a cut below them.

    Parameters
    ----------
    data : ndarray of shape (i, j, k)
        Values of a volume, axes right, anterior, superior.
    affine : ndarray of shape (4, 4)
        From voxel indices to mm.
    name : str
        Name of the file, for the message.

    Raises
    ------
    UserError
        With the side and the area of the cut, or the height of the head.
    """
    head, _, voxel = outline(data, affine)
    height = np.ptp(np.flatnonzero(head.any(axis=(0, 1)))) * voxel[2]
    if height < LEAST_HEIGHT_MM:
        raise UserError(
            f"{name}: the head ends {height:.0f} mm below its top, and electrodes reach further "
            "down; give a scan whose field of view holds the whole head"
        )
    for cut in cuts(head, voxel):
        if cut.cap_cm2 >= CAP_CM2:
            raise UserError(
                f"{name}: the head is cut off at the {cut.side} in a plane of {cut.area_cm2:.0f} "
                "cm2, where electrodes are; give a scan whose field of view holds the whole head"
            )
        logger.warning(
            "%s: the head is cut off at the %s, below the electrodes, in a plane of %.0f cm2",
            name,
            cut.side,
            cut.area_cm2,
        )
