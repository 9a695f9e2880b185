"""A head as files that FreeSurfer, MNE-Python and any NIfTI viewer open.

<folder>/surf/{lh,rh}.{white,pial,sphere}, <folder>/bem/*.surf, <folder>/mri/tissues.nii.gz and
<folder>/head.json (landmarks and the affine to MNI152).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import nibabel
import numpy as np
from nibabel.spatialimages import SpatialImage

from multisource.anatomy.head import CORTEX, SHELLS, Head
from multisource.anatomy.landmarks import LANDMARKS
from multisource.errors import UserError
from multisource.files import atomic

# FreeSurfer tools and MNE want the geometry of a volume in the footer. These numbers are the
# conformed 256^3 volume with c_ras = 0, for which surface RAS and scanner RAS coincide.
_VOLUME_INFO = {
    "head": np.array([2, 0, 20], dtype=np.int32),
    "valid": "1  # volume info valid",
    "filename": "orig.mgz",
    "volume": np.array([256, 256, 256]),
    "voxelsize": np.array([1.0, 1.0, 1.0]),
    "xras": np.array([-1.0, 0.0, 0.0]),
    "yras": np.array([0.0, 0.0, -1.0]),
    "zras": np.array([0.0, 1.0, 0.0]),
    "cras": np.array([0.0, 0.0, 0.0]),
}


def head_files(folder: str | Path) -> dict[str, Path]:
    """List the path of every file of a head.

    Parameters
    ----------
    folder : str or Path
        Folder of the head.

    Returns
    -------
    dict of str to Path
        Surfaces by name, "tissues" and "head".
    """
    folder = Path(folder)
    files = {name: folder / "surf" / name for name in CORTEX}
    files |= {name: folder / "bem" / f"{name}.surf" for name in SHELLS}
    files |= {"tissues": folder / "mri" / "tissues.nii.gz", "head": folder / "head.json"}
    return files


def write_surface(path: str | Path, vertices: np.ndarray, triangles: np.ndarray) -> None:
    """Write a FreeSurfer geometry file.

    Parameters
    ----------
    path : str or Path
        File to write.
    vertices : ndarray of shape (n, 3)
        Surface RAS, mm.
    triangles : ndarray of shape (m, 3)
        Indices of vertices.
    """
    with atomic(path) as part:
        nibabel.freesurfer.write_geometry(
            part, vertices, triangles.astype(np.int32), "multisource", volume_info=_VOLUME_INFO
        )


def read_surface(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a FreeSurfer geometry file.

    Parameters
    ----------
    path : str or Path
        File to read.

    Returns
    -------
    vertices : ndarray of float64, shape (n, 3)
        Surface RAS, mm.
    triangles : ndarray of int64, shape (m, 3)
        Indices of vertices.

    Raises
    ------
    UserError
        When the file is missing or not a FreeSurfer geometry.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such surface file")
    try:
        vertices, triangles = nibabel.freesurfer.read_geometry(path)[:2]
    except Exception as error:
        raise UserError(f"{path}: not a FreeSurfer surface file ({error})") from error
    return vertices.astype(np.float64), triangles.astype(np.int64)


def save_head(head: Head, folder: str | Path) -> None:
    """Write every file of a head.

    Parameters
    ----------
    head : Head
        The head to write.
    folder : str or Path
        Folder that the files go under.
    """
    files = head_files(folder)
    for name in CORTEX + SHELLS:
        write_surface(files[name], *head.surfaces[name])
    image = nibabel.Nifti1Image(head.tissues.astype(np.uint8), head.affine)
    image.header.set_xyzt_units("mm")
    with atomic(files["tissues"]) as part:
        nibabel.save(image, part)
    record = {
        "units": "mm",
        "coordinates": "FreeSurfer surface RAS",
        "fiducials": {name: np.asarray(head.fiducials[name]).tolist() for name in LANDMARKS},
        "to_mni": np.asarray(head.to_mni).tolist(),
    }
    with atomic(files["head"]) as part:
        part.write_text(json.dumps(record, indent=2) + "\n")


def load_head(folder: str | Path) -> Head:
    """Read a head that ``save_head`` wrote.

    Parameters
    ----------
    folder : str or Path
        Folder of the head.

    Returns
    -------
    Head
        The head as it was saved.

    Raises
    ------
    UserError
        Naming the file that is missing or unreadable.
    """
    files = head_files(folder)
    for path in files.values():
        if not path.is_file():
            raise UserError(f"{path}: missing from the anatomy folder")
    try:
        image = cast(SpatialImage, nibabel.load(files["tissues"]))
        tissues = np.asarray(image.dataobj, dtype=np.uint8)
    except Exception as error:
        raise UserError(f"{files['tissues']}: not a readable NIfTI volume ({error})") from error
    fiducials, to_mni = _read_record(files["head"])
    return Head(
        surfaces={name: read_surface(files[name]) for name in CORTEX + SHELLS},
        tissues=tissues,
        affine=np.asarray(image.affine, dtype=float),
        fiducials=fiducials,
        to_mni=to_mni,
    )


def read_to_mni(path: str | Path) -> np.ndarray:
    """Read where a head lies in MNI152, without the head.

    Parameters
    ----------
    path : str or Path
        The head's ``head.json``.

    Returns
    -------
    ndarray of shape (4, 4)
        From mm of surface RAS to mm of MNI152.

    Raises
    ------
    UserError
        When the file is missing or another one.
    """
    return _read_record(Path(path))[1]


def _read_record(path: Path) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Landmarks and the affine to MNI152."""
    try:
        record = json.loads(path.read_text())
        fiducials = {name: np.array(record["fiducials"][name], dtype=float) for name in LANDMARKS}
        return fiducials, np.array(record["to_mni"], dtype=float)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path}: needs fiducials and to_mni ({error!r})") from error
