"""Landmarks of an MRI from a file: what MNE-Python's coregistration saves, or a table."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from multisource.anatomy.electrodes import read_points
from multisource.anatomy.landmarks import LANDMARKS, landmark
from multisource.errors import UserError
from multisource.geometry.closest_points import closest_points
from multisource.geometry.surfaces import Surface

FARTHEST_MM = 30.0  # from the scalp: beyond that the file is of another frame or unit
TABLES = (".tsv", ".csv", ".txt")


def read_landmarks(
    path: str | os.PathLike[str], scalp: Surface | None = None
) -> dict[str, np.ndarray]:
    """Read nasion and ears, as they were found in the MRI.

    Parameters
    ----------
    path : path
        ``*-fiducials.fif``, as ``mne coreg`` saves it, or a table with the columns name, x, y, z
        (mm, surface RAS) and rows for nasion, left and right ear (NAS, LPA, RPA).
    scalp : Surface, optional
        The scalp, mm, that they must be near to.

    Returns
    -------
    dict of str to ndarray of shape (3,)
        "lpa", "nasion", "rpa": surface RAS, mm.

    Raises
    ------
    UserError
        For a file that is missing, cannot be read, lacks one of them, or has one that is more than
        ``FARTHEST_MM`` from the scalp.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such file of landmarks")
    if path.suffix.lower() in TABLES:
        points, _, _ = read_points(path)
        found = {key: place for name, place in points.items() if (key := landmark(name))}
    elif path.suffix.lower() == ".fif":
        found = _from_fif(path)
    else:
        raise UserError(
            f"{path}: landmarks are read from a -fiducials.fif of mne coreg, or from a table "
            f"({', '.join(TABLES)}) with name, x, y, z in mm"
        )
    lacking = [name for name in LANDMARKS if name not in found]
    if lacking:
        raise UserError(f"{path}: has no {lacking[0]}; give nasion, LPA and RPA")
    landmarks = {name: found[name] for name in LANDMARKS}
    if scalp is not None:
        _check(path, landmarks, scalp)
    return landmarks


def _from_fif(path: Path) -> dict[str, np.ndarray]:
    import mne

    names = dict(zip((1, 2, 3), LANDMARKS, strict=True))  # FIFFV_POINT_LPA, NASION, RPA
    try:
        points, frame = mne.io.read_fiducials(path, verbose="error")
    except Exception as error:  # MNE-Python's readers have exceptions of all kinds
        line = " ".join(str(error).split())[:200]
        raise UserError(f"{path}: MNE cannot read landmarks from it ({line})") from error
    if int(frame) != 5:  # FIFFV_COORD_MRI
        raise UserError(
            f"{path}: its landmarks are not in the MRI's coordinates, but in those of a "
            "digitiser; mark them in the MRI with mne coreg"
        )
    found = {int(p["ident"]): np.asarray(p["r"], dtype=float) * 1000 for p in points}
    return {names[number]: place for number, place in found.items() if number in names}


def _check(path: Path, landmarks: dict[str, np.ndarray], scalp: Surface) -> None:
    _, away, _ = closest_points(*scalp, np.array(list(landmarks.values())))
    worst = int(away.argmax())
    if not away[worst] <= FARTHEST_MM:
        raise UserError(
            f"{path}: {list(landmarks)[worst]} is {away[worst]:.0f} mm from the scalp; give mm in "
            "the surface RAS of the head"
        )
