"""A scan as its file has it: read, and turned to RAS."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from nibabel.affines import apply_affine, voxel_sizes
from nibabel.spatialimages import SpatialImage

from multisource.errors import UserError

FORMS_MM = 2.0  # between the corners by sform and by qform


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


def read_scan(path: str | Path) -> T1:
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
        orientation or with two.
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
    return T1(np.ascontiguousarray(canonical.dataobj), np.asarray(canonical.affine, dtype=float))


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
