"""A user's T1-weighted scan: read, turned to RAS, refused early where nothing could come of it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import scipy  # loads scipy.ndimage, which takes long, when it is used
from nibabel.affines import apply_affine, voxel_sizes
from nibabel.spatialimages import SpatialImage

from multisource.anatomy.contrast import check_background, check_scalp
from multisource.anatomy.field_of_view import check_view
from multisource.anatomy.orientation import PROBE_MM, check_axes, check_tissue, coarse
from multisource.errors import UserError
from multisource.geometry.masks import largest_part

COARSEST_MM = 2.5
SMALLEST_VIEW_MM, LARGEST_VIEW_MM = 120.0, 400.0
SMALLEST_HEAD_ML, LARGEST_HEAD_ML = 1300.0, 8000.0  # from a small child's to an adult's with neck
BRAIN_ML = 2200.0  # a brain alone is smaller, an adult's head larger
FORMS_MM = 2.0  # between the corners by sform and by qform
AIR_IN_HOUNSFIELD = -500.0
CT_ALIKE = 0.5


@dataclass(frozen=True)
class T1:
    """A T1-weighted volume.

    Attributes
    ----------
    data : ndarray of float32, shape (i, j, k)
        Values, axes right, anterior, superior.
    affine : ndarray of shape (4, 4)
        From voxel indices to scanner RAS, mm.
    """

    data: np.ndarray
    affine: np.ndarray

    @property
    def voxel_mm(self) -> np.ndarray:
        """Edges (3,) of a voxel, mm."""
        return voxel_sizes(self.affine)


def read_t1(path: str | Path) -> T1:
    """Read a T1 volume and turn its axes to right, anterior, superior.

    Parameters
    ----------
    path : str or Path
        NIfTI or MGZ file.

    Returns
    -------
    T1
        The volume.

    Raises
    ------
    UserError
        In one line, for a file that is missing, no volume, truncated, not 3-D, without an
        orientation, empty, in Hounsfield units, too coarse, cropped, skull-stripped, or whose
        axes cannot be what the header says (``orientation.check_axes``).
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such T1 file")
    try:
        image = nibabel.load(path)
    except Exception as error:  # nibabel passes on what gzip, zlib and NumPy raise
        raise UserError(
            f"{path}: not a NIfTI or MGZ volume ({_line(error)}); "
            "convert it, for instance by dcm2niix"
        ) from None
    if not isinstance(image, SpatialImage):  # a surface or a tractogram
        raise UserError(f"{path}: a {type(image).__name__}; give a NIfTI or MGZ volume")
    shape: tuple[int, ...] = image.shape
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) != 3 or min(shape) < 2:
        raise UserError(
            f"{path}: shape is {' x '.join(map(str, image.shape))}; give one 3-D volume"
        )
    try:
        data = np.asarray(image.dataobj, dtype=np.float32).reshape(shape)
    except Exception as error:  # nibabel passes on what gzip, zlib and mmap raise
        raise UserError(f"{path}: truncated or damaged ({_line(error)}); copy it again") from None
    _check_orientation(path, image)
    canonical = nibabel.as_closest_canonical(nibabel.Nifti1Image(data, image.affine))
    t1 = T1(np.ascontiguousarray(canonical.dataobj), np.asarray(canonical.affine, dtype=float))
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


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _check_orientation(path: Path, image: SpatialImage) -> None:
    header = image.header
    if isinstance(header, nibabel.Nifti1Header):
        if int(header["sform_code"]) == 0 and int(header["qform_code"]) == 0:
            raise UserError(
                f"{path}: the header has no orientation (sform and qform codes are 0); set one"
            )
        if int(header["sform_code"]) and int(header["qform_code"]):
            _check_forms(path, header, image.shape[:3])
    scale = voxel_sizes(image.affine)
    if not np.isfinite(image.affine).all() or scale.min() <= 0:
        raise UserError(f"{path}: the affine in the header is singular; set sform")
    if abs(np.linalg.det(image.affine[:3, :3] / scale)) < 0.5:
        raise UserError(f"{path}: the affine in the header is singular or sheared; set sform")


def _check_forms(path: Path, header: nibabel.Nifti1Header, shape: tuple[int, ...]) -> None:
    """Refuse a header whose two orientations put the volume in different places."""
    corners = np.array(list(itertools.product(*[(0, size - 1) for size in shape])), float)
    one, two = (apply_affine(form, corners) for form in (header.get_sform(), header.get_qform()))
    apart = float(np.linalg.norm(one - two, axis=1).max())
    if not apart <= FORMS_MM:
        raise UserError(
            f"{path}: sform and qform in the header disagree, by up to {apart:.0f} mm; set both to "
            "the one that is right, or the code of the other to 0"
        )


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
