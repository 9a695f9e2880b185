"""Whether the axes of a head volume are what its header says: right, anterior, superior.

Left and right are told from the rest by symmetry, front from back and top from bottom by the
MNI152 brain. A header that swaps left and right cannot be noticed: heads are too symmetric.
"""

from __future__ import annotations

from functools import cache

import nibabel
import numpy as np
from nibabel.affines import voxel_sizes
from nibabel.processing import resample_to_output
from scipy import ndimage, signal

from multisource.anatomy.mni import template_map
from multisource.errors import UserError

PROBE_MM = 6.0
# A flip must be better by this to be refused. Colin27: 0.82 as it is, 0.57 flipped; with heads
# made from it by turns up to 25 degrees, 15 % of size and a strong bias field a flip was never
# better by more than 0.06.
CLEARLY_BETTER = 0.1
# A whole head that is turned fits as well as it does upright, .82 and .70 on two heads; a half or a
# part of one .56 at most.
SURE = 0.6
SYMMETRIC = 0.6  # the same of the mirror image: .85 and .91 of whole heads, .45 of a part
_SIZES = (0.75, 0.83, 0.92, 1.0, 1.08)  # of the head over the template, children's too
# How the axes to the front and to the top may be: by quarter turns about the axis through the ears,
# and whether back and front are then exchanged.
_TURNED = "turned by 90 degrees about the axis through the ears"
_TURNS = {(0, 0): "", (0, 1): "back to front", (2, 1): "upside down", (2, 0): "turned over"} | {
    (quarter, flipped): _TURNED for quarter in (1, 3) for flipped in (0, 1)
}


def coarse(data: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Blur a volume and resample it to 6 mm along RAS axes.

    Parameters
    ----------
    data : ndarray of shape (i, j, k)
        Values of the volume.
    affine : ndarray of shape (4, 4)
        From voxel indices to mm.

    Returns
    -------
    ndarray of shape (x, y, z)
        Values at ``PROBE_MM``.
    """
    voxel = voxel_sizes(affine)
    smooth = ndimage.gaussian_filter(data, 0.4 * PROBE_MM / voxel)
    image = nibabel.Nifti1Image(smooth, affine)
    return np.asarray(resample_to_output(image, [PROBE_MM] * 3, order=1).dataobj)


def check_axes(probe: np.ndarray, head: np.ndarray, *, name: str) -> None:
    """Refuse a volume whose axes cannot be right, anterior, superior.

    Parameters
    ----------
    probe : ndarray of shape (x, y, z)
        The volume by ``coarse``.
    head : ndarray of bool, shape (x, y, z)
        Mask of the head in it.
    name : str
        Name of the file, for the message.

    Raises
    ------
    UserError
        When the head's plane of symmetry is not the left-right axis's, when the MNI152 brain fits
        clearly better the other way round.
    """
    symmetry = [mirror_correlation(probe, head, axis) for axis in range(3)]
    best = int(np.argmax(symmetry))
    if best != 0 and symmetry[best] > max(symmetry[0] + 0.05, SYMMETRIC):
        raise UserError(
            f"{name}: the head is symmetric across the {'xyz'[best]} axis, not left-right "
            f"(correlation {symmetry[best]:.2f} against {symmetry[0]:.2f}); "
            "the orientation in the header is wrong: correct its sform"
        )
    fits = template_fits(probe)
    turn = max(fits, key=fits.__getitem__)
    if turn and fits[turn] > SURE and fits[turn] > fits[""] + CLEARLY_BETTER:
        raise UserError(
            f"{name}: the head is {turn}: the MNI152 brain correlates {fits[turn]:.2f} that way, "
            f"{fits['']:.2f} as it is; the orientation in the header is wrong: correct its sform"
        )


def check_tissue(probe: np.ndarray, *, name: str) -> None:
    """Refuse a head in which grey matter is brighter than white.

    Parameters
    ----------
    probe : ndarray of shape (x, y, z)
        The volume by ``coarse``, its axes known to be right.
    name : str
        Name of the file, for the message.

    Raises
    ------
    UserError
        When the negative of the MNI152 brain fits clearly better than the brain.
    """
    image = _bounded(probe)
    plain = inverted = -1.0
    for size in _SIZES:
        pattern, mask = _template(size)
        # Without the rim, which is dark in either contrast.
        inner = ndimage.binary_erosion(mask, iterations=2)
        plain = max(plain, _best_correlation(image, pattern, inner))
        inverted = max(inverted, _best_correlation(image, -pattern, inner))
    if inverted > plain + CLEARLY_BETTER:
        raise UserError(
            f"{name}: grey matter is brighter than white: the contrast is inverted or T2-weighted "
            f"(the MNI152 brain correlates {plain:.2f}, its negative {inverted:.2f}); give a "
            "T1-weighted scan"
        )


def mirror_correlation(probe: np.ndarray, head: np.ndarray, axis: int) -> float:
    """Correlate the head with its mirror image along an axis.

    Parameters
    ----------
    probe : ndarray of shape (x, y, z)
        The volume by ``coarse``.
    head : ndarray of bool, shape (x, y, z)
        Mask of the head in it.
    axis : int
        Axis to mirror, 0 to 2.

    Returns
    -------
    float
        Best correlation over shifts.
    """
    where = np.argwhere(head)
    low, high = where.min(axis=0), where.max(axis=0) + 1
    cut = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    box = np.moveaxis(np.minimum(probe, np.percentile(probe, 98))[cut], axis, 0)
    solid = np.moveaxis(head[cut], axis, 0)
    length, best = len(box), -1.0
    for shift in range(-3, 4):
        part = slice(max(shift, 0), length + min(shift, 0))
        # Inside the head only: its outline alone is much alike on all sides.
        both = solid[part] & solid[part][::-1]
        values = box[part][both], box[part][::-1][both]
        best = max(best, float(np.corrcoef(*values)[0, 1]))
    return best


def template_fits(probe: np.ndarray) -> dict[str, float]:
    """Correlate the head, turned in each way, with the MNI152 brain.

    Parameters
    ----------
    probe : ndarray of shape (x, y, z)
        The volume by ``coarse``.

    Returns
    -------
    dict of str to float
        Best correlation over places and sizes by the turn of the head; "" is the head as it is.
    """
    image = _bounded(probe)
    fits = dict.fromkeys(_TURNS.values(), -1.0)
    for size in _SIZES:
        pattern, mask = _template(size)
        for (quarter, flipped), turn in _TURNS.items():
            turned = [np.rot90(one, quarter, (1, 2)) for one in (pattern, mask)]
            if flipped:
                turned = [one[:, ::-1] for one in turned]
            fits[turn] = max(fits[turn], _best_correlation(image, *turned))
    return fits


def _bounded(probe: np.ndarray) -> np.ndarray:
    return np.pad(np.minimum(probe, np.percentile(probe, 98)), 4)


@cache
def _template(size: float) -> tuple[np.ndarray, np.ndarray]:
    """The MNI152 brain at 6 mm in its box, and its mask with a rim: around the brain it is dark."""
    pattern = ndimage.zoom(coarse(*template_map("t1")), size, order=1)
    mask = ndimage.binary_dilation(pattern > 0.15 * pattern.max())
    mask = ndimage.binary_fill_holes(mask)
    where = np.argwhere(mask)
    low, high = where.min(axis=0), where.max(axis=0) + 1
    cut = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    return pattern[cut], mask[cut]


def _best_correlation(image: np.ndarray, pattern: np.ndarray, mask: np.ndarray) -> float:
    """Highest correlation, within the mask, of a pattern and an image over all shifts."""

    def correlate(values: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        return signal.fftconvolve(values, kernel[::-1, ::-1, ::-1], mode="same")

    weight = mask.astype(float)
    count = weight.sum()
    centred = np.where(mask, pattern - pattern[mask].mean(), 0.0)
    total, squares = correlate(image, weight), correlate(image**2, weight)
    # Where the image is empty its variance is rounding only.
    spread = np.maximum(squares - total**2 / count, 1e-3 * squares.max())
    return float((correlate(image, centred) / np.sqrt(spread * (centred**2).sum())).max())
