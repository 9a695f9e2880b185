"""A user's T1-weighted scan: refused early where nothing could come of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy  # loads scipy.ndimage, which takes long, when it is used

from multisource.anatomy.contrast import check_background, check_scalp
from multisource.anatomy.field_of_view import check_view
from multisource.anatomy.orientation import PROBE_MM, check_axes, check_tissue, coarse
from multisource.anatomy.scan import T1, read_scan
from multisource.errors import UserError
from multisource.geometry.masks import largest_part

COARSEST_MM = 2.5
SMALLEST_VIEW_MM, LARGEST_VIEW_MM = 120.0, 400.0
SMALLEST_HEAD_ML, LARGEST_HEAD_ML = 1300.0, 8000.0  # from a small child's to an adult's with neck
BRAIN_ML = 2200.0  # a brain alone is smaller, an adult's head larger
AIR_IN_HOUNSFIELD = -500.0
CT_ALIKE = 0.5


def read_t1(path: str | Path) -> T1:
    """Read a T1 volume, and refuse one of which no head can be made.

    Parameters
    ----------
    path : str or Path
        NIfTI or MGZ file.

    Returns
    -------
    T1
        The volume, its axes right, anterior, superior.

    Raises
    ------
    UserError
        In one line, for what ``scan.read_scan`` refuses, and for a volume that is empty, in
        Hounsfield units, too coarse, cropped, skull-stripped, or whose axes cannot be what the
        header says (``orientation.check_axes``).
    """
    t1 = read_scan(path)
    check_t1(t1, name=str(path))
    return t1


def check_t1(t1: T1, *, name: str = "T1") -> None:
    """Refuse a volume that is not a whole head's T1; the checks of ``read_t1`` after reading.

    Parameters
    ----------
    t1 : T1
        The volume.
    name : str
        Name of the file, for messages.

    Raises
    ------
    UserError
        As ``read_t1``.
    """
    data, voxel = t1.data, t1.voxel_mm
    if not np.isfinite(data).all():
        raise UserError(f"{name}: holds values that are not finite; replace them by 0")
    if data.min() == data.max():
        raise UserError(f"{name}: every voxel is {data.flat[0]:g}; the volume is empty; give a T1")
    if (data < AIR_IN_HOUNSFIELD).mean() > 0.01:
        raise UserError(
            f"{name}: values from {data.min():.0f} to {data.max():.0f} look like a CT in "
            "Hounsfield units; give a T1-weighted MRI"
        )
    if voxel.max() > COARSEST_MM:
        edges = " x ".join(f"{edge:.2g}" for edge in voxel)
        raise UserError(
            f"{name}: voxels of {edges} mm are too coarse; give {COARSEST_MM:g} mm or finer"
        )
    view = voxel * data.shape
    if view.min() < SMALLEST_VIEW_MM or view.max() > LARGEST_VIEW_MM:
        size = " x ".join(f"{edge:.0f}" for edge in view)
        raise UserError(
            f"{name}: the volume is {size} mm; a whole head needs {SMALLEST_VIEW_MM:g} to "
            f"{LARGEST_VIEW_MM:g} mm per side (are the voxel sizes in mm?)"
        )
    alike = _soft_tissue_alike(t1)
    if alike > CT_ALIKE:
        raise UserError(
            f"{name}: {100 * alike:.0f} % of the head has the same value and bone is far brighter: "
            "this looks like a CT; give a T1-weighted MRI"
        )
    check_background(data, name=name)
    probe = coarse(data, t1.affine)
    head = _head_mask(probe)
    millilitres = head.sum() * PROBE_MM**3 / 1000
    if millilitres < SMALLEST_HEAD_ML:
        raise UserError(
            f"{name}: the head holds {millilitres:.0f} ml, less than {SMALLEST_HEAD_ML:.0f}: an "
            "infant's, for which there is no atlas here, a part of one, or the voxel sizes in the "
            "header are wrong; give the whole head, with skull and scalp"
        )
    if millilitres > LARGEST_HEAD_ML:
        raise UserError(
            f"{name}: the head holds {millilitres:.0f} ml, more than {LARGEST_HEAD_ML:.0f}; the "
            "voxel sizes in the header are wrong, or the background is bright"
        )
    check_axes(probe, head, name=name)
    check_view(data, t1.affine, name=name)
    check_tissue(probe, name=name)
    if millilitres < BRAIN_ML:
        check_scalp(data, t1.affine, name=name)


def _soft_tissue_alike(t1: T1) -> float:
    """Share of the head within 3 % (of the range of values) of its most frequent value.

    To a CT all soft tissue is nearly alike and bone far brighter, so that most of the head has
    one value in the middle of the range; 0 where that value is near the top. Colin27's T1: 0.20.
    """
    step = np.maximum((3.0 / t1.voxel_mm).astype(int), 1)
    values = t1.data[tuple(slice(None, None, s) for s in step)].ravel()
    low, high = np.percentile(values, (0.5, 99.5))
    scaled = (values - low) / max(high - low, 1e-12)
    counts, edges = np.histogram(scaled[scaled > 0.15], bins=85, range=(0.15, 1.0))
    near = np.convolve(counts, np.ones(6), mode="same")
    if edges[near.argmax()] > 0.7:
        return 0.0
    return float(near.max() / max((scaled > 0.15).sum(), 1))


def _head_mask(probe: np.ndarray) -> np.ndarray:
    """Largest filled part that is brighter than the background."""
    bright = np.percentile(probe, 98)
    return scipy.ndimage.binary_fill_holes(largest_part(probe > 0.15 * bright))
