"""The scan behind the slices: a T1 in the coordinates of the head's surfaces."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import nibabel
import numpy as np
from nibabel.freesurfer import MGHImage
from nibabel.spatialimages import SpatialImage

from multisource.anatomy.freesurfer_files import SCANS
from multisource.errors import UserError
from multisource.judging.slices import Background


def scan_background(path: str | os.PathLike[str]) -> Background:
    """Read a T1 whose scanner coordinates are the head's, as with the provider ``samseg``.

    Parameters
    ----------
    path : str or path-like
        NIfTI or MGZ.

    Returns
    -------
    Background
        The volume.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    return _read(Path(path), in_scanner=True)


def subject_background(subject: str | os.PathLike[str]) -> Background | None:
    """Read the T1 of a FreeSurfer subject, in its surface RAS.

    Parameters
    ----------
    subject : str or path-like
        Subject directory.

    Returns
    -------
    Background or None
        None where the subject has none.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    for name in SCANS:
        if (path := Path(subject) / "mri" / name).is_file():
            return _read(path, in_scanner=False)
    return None


def _read(path: Path, *, in_scanner: bool) -> Background:
    try:
        image = cast(SpatialImage, nibabel.load(path))
        values = np.squeeze(np.asarray(image.dataobj, dtype=np.float32))
        if in_scanner:
            affine = np.asarray(image.affine, dtype=float)
        else:
            affine = cast(MGHImage, image).header.get_vox2ras_tkr()
    except Exception as error:
        raise UserError(f"{path}: not a readable volume ({error})") from None
    return Background(values, affine)
