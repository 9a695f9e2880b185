"""Whether the axes of a head volume are what its header says: right, anterior, superior.

Left and right are told from the rest by symmetry, front from back and top from bottom by the
MNI152 brain. A header that swaps left and right cannot be noticed: heads are too symmetric.
"""

from __future__ import annotations

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
_SIZES = (0.92, 1.0, 1.08)  # of the head over the template
_FLIPS = {(1, 1): "", (-1, 1): "back to front", (1, -1): "upside down", (-1, -1): "turned over"}


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
        When the head's plane of symmetry is not the left-right axis's, or when the MNI152 brain
        fits clearly better the other way round.
    """
    symmetry = [mirror_correlation(probe, head, axis) for axis in range(3)]
    best = int(np.argmax(symmetry))
    if best != 0 and symmetry[best] > symmetry[0] + 0.05:
        raise UserError(
            f"{name}: the head is symmetric across the {'xyz'[best]} axis, not left-right "
            f"(correlation {symmetry[best]:.2f} against {symmetry[0]:.2f}); "
            "the orientation in the header is wrong: correct its sform"
        )
    fits = template_fits(probe)
    flip = max(fits, key=fits.__getitem__)
    if flip and fits[flip] > fits[""] + CLEARLY_BETTER:
        raise UserError(
            f"{name}: the head is {flip}: the MNI152 brain correlates {fits[flip]:.2f} that way, "
            f"{fits['']:.2f} as it is; the orientation in the header is wrong: correct its sform"
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
    """Correlate the head, flipped in each way, with the MNI152 brain.

    Parameters
    ----------
    probe : ndarray of shape (x, y, z)
        The volume by ``coarse``.

    Returns
    -------
    dict of str to float
        Best correlation over places and sizes by the flip of the head; "" is the head as it is.
    """
    image = np.pad(np.minimum(probe, np.percentile(probe, 98)), 4)
    brain = coarse(*template_map("t1"))
    fits = dict.fromkeys(_FLIPS.values(), -1.0)
    for size in _SIZES:
        pattern = ndimage.zoom(brain, size, order=1)
        # With a rim: around the brain it is dark.
        mask = ndimage.binary_dilation(pattern > 0.15 * pattern.max())
        mask = ndimage.binary_fill_holes(mask)
        where = np.argwhere(mask)
        low, high = where.min(axis=0), where.max(axis=0) + 1
        cut = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        for (y, z), flip in _FLIPS.items():
            turned = (slice(None), slice(None, None, y), slice(None, None, z))
            found = _best_correlation(image, pattern[cut][turned], mask[cut][turned])
            fits[flip] = max(fits[flip], found)
    return fits


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
