"""A user's T1-weighted scan: read, turned to RAS, refused early where nothing could come of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from nibabel.processing import resample_to_output
from scipy import ndimage

from multisource.errors import UserError

COARSEST_MM = 2.0
SMALLEST_VIEW_MM, LARGEST_VIEW_MM = 120.0, 400.0
SMALLEST_HEAD_ML = 2200.0  # a stripped brain is smaller, an adult's head to the chin larger
AIR_IN_HOUNSFIELD = -500.0
_PROBE_MM = 6.0


@dataclass(frozen=True)
class T1:
    """data: (i, j, k) float32, axes R, A, S; affine: (4, 4) from indices to scanner RAS mm."""

    data: np.ndarray
    affine: np.ndarray

    @property
    def voxel_mm(self) -> np.ndarray:
        """Edges (3,) of a voxel, mm."""
        return np.linalg.norm(self.affine[:3, :3], axis=0)


def read_t1(path: str | Path) -> T1:
    """Read a T1 volume and turn its axes to right, anterior, superior.

    Raises UserError, in one line, for a file that is missing, no volume, truncated, not 3-D,
    without an orientation, empty, in Hounsfield units, too coarse, cropped, skull-stripped, or
    whose left-right axis is not the head's plane of symmetry.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such T1 file")
    try:
        image = nibabel.load(path)
    except (nibabel.filebasedimages.ImageFileError, OSError, EOFError, ValueError) as error:
        raise UserError(f"{path}: not a NIfTI or MGZ volume ({_line(error)})") from None
    shape = getattr(image, "shape", ())
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) != 3 or min(shape) < 2:
        raise UserError(
            f"{path}: shape is {' x '.join(map(str, image.shape))}; give one 3-D volume"
        )
    try:
        data = np.asarray(image.dataobj, dtype=np.float32).reshape(shape)
    except Exception as error:  # nibabel passes on what gzip, zlib and mmap raise
        raise UserError(f"{path}: truncated or damaged ({_line(error)})") from None
    _check_orientation(path, image)
    canonical = nibabel.as_closest_canonical(nibabel.Nifti1Image(data, image.affine))
    t1 = T1(np.ascontiguousarray(canonical.dataobj), np.asarray(canonical.affine, dtype=float))
    check_t1(t1, name=str(path))
    return t1


def check_t1(t1: T1, *, name: str = "T1") -> None:
    """Refuse a volume that is not a whole head's T1; the checks of ``read_t1`` after reading."""
    data, voxel = t1.data, t1.voxel_mm
    if not np.isfinite(data).all():
        raise UserError(f"{name}: holds values that are not finite; replace them by 0")
    if data.min() == data.max():
        raise UserError(f"{name}: every voxel is {data.flat[0]:g}; the volume is empty")
    if data.min() < AIR_IN_HOUNSFIELD and np.median(data) < 0:
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
            f"{LARGEST_VIEW_MM:g} mm a side (are the voxel sizes in mm?)"
        )
    probe = _probe(t1)
    head = _head_mask(probe)
    millilitres = head.sum() * _PROBE_MM**3 / 1000
    if millilitres < SMALLEST_HEAD_ML:
        raise UserError(
            f"{name}: the head holds {millilitres:.0f} ml, less than {SMALLEST_HEAD_ML:.0f}; "
            "give the whole head, with skull and scalp (not stripped, not cropped)"
        )
    symmetry = [_mirror_correlation(probe, head, axis) for axis in range(3)]
    best = int(np.argmax(symmetry))
    if best != 0 and symmetry[best] > symmetry[0] + 0.05:
        raise UserError(
            f"{name}: the head is symmetric across the {'xyz'[best]} axis, not left-right "
            f"(correlation {symmetry[best]:.2f} against {symmetry[0]:.2f}); "
            "the orientation in the header is wrong: mend its sform"
        )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _check_orientation(path: Path, image) -> None:
    header = image.header
    if isinstance(header, nibabel.Nifti1Header):
        if int(header["sform_code"]) == 0 and int(header["qform_code"]) == 0:
            raise UserError(
                f"{path}: the header has no orientation (sform and qform codes are 0); set one"
            )
    scale = np.linalg.norm(image.affine[:3, :3], axis=0)
    if not np.isfinite(image.affine).all() or scale.min() <= 0:
        raise UserError(f"{path}: the affine in the header is singular; set sform")
    if abs(np.linalg.det(image.affine[:3, :3] / scale)) < 0.5:
        raise UserError(f"{path}: the affine in the header is singular or sheared; set sform")


def _probe(t1: T1) -> np.ndarray:
    """The volume at 6 mm, along RAS axes."""
    smooth = ndimage.gaussian_filter(t1.data, 0.4 * _PROBE_MM / t1.voxel_mm)
    image = nibabel.Nifti1Image(smooth, t1.affine)
    return np.asarray(resample_to_output(image, [_PROBE_MM] * 3, order=1).dataobj)


def _head_mask(probe: np.ndarray) -> np.ndarray:
    """Largest filled part that is brighter than the background."""
    bright = np.percentile(probe, 98)
    parts, count = ndimage.label(probe > 0.15 * bright)
    if not count:
        return np.zeros(probe.shape, dtype=bool)
    return ndimage.binary_fill_holes(parts == np.bincount(parts.ravel())[1:].argmax() + 1)


def _mirror_correlation(probe: np.ndarray, head: np.ndarray, axis: int) -> float:
    """Best correlation of the head with its mirror image along an axis, over shifts."""
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
