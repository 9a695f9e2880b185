"""Files that electrode positions are in: tables, recordings, and what digitisers write."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from multisource.anatomy.electrodes import read_points
from multisource.anatomy.landmarks import LANDMARKS, landmark
from multisource.errors import UserError
from multisource.fif_chain import check_chain
from multisource.montage.coordsystem import find_coordsystem, read_coordsystem
from multisource.montage.measured import Measured

if TYPE_CHECKING:
    import mne

TABLES = (".tsv", ".csv")
# What MNE-Python's read_custom_montage knows. Of .txt and .xyz see _is_table.
_CUSTOM = (".loc", ".locs", ".eloc", ".sfp", ".csd", ".elc", ".txt", ".elp", ".bvef", ".xyz")
_DIGITISERS = {
    ".hpts": "read_dig_hpts",
    ".bvct": "read_dig_captrak",
    ".xml": "read_dig_egi",
    ".dat": "read_dig_dat",
    ".hsp": "read_dig_polhemus_isotrak",
}
FARTHEST = 1e6  # a coordinate in any unit, as MNE-Python has read it
# Frames of MNE-Python, in the words of coordsystem.json.
_FRAMES = {"mri": "SurfaceRAS", "mni_tal": "MNI152Lin", "head": "Neuromag", "ras": "ScanRAS"}


def read_positions(path: str | Path) -> Measured:
    """Read electrode positions from any file that holds some.

    Parameters
    ----------
    path : str or Path
        A table (BIDS electrodes.tsv), a recording, or a file of a digitiser.

    Returns
    -------
    Measured
        Positions, and what the file says of their frame.

    Raises
    ------
    UserError
        If the file is missing, cannot be read, or has no positions.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    if _is_table(path):
        return _from_table(path)
    return _from_montage(path, _montage(path))


def files_beside(path: str | Path) -> list[Path]:
    """List the files that belong to a file of positions.

    Parameters
    ----------
    path : str or Path
        The file of positions.

    Returns
    -------
    list of Path
        Its coordsystem.json, or the parts of a recording.
    """
    path = Path(path)
    if _is_table(path):
        found = find_coordsystem(path)
        return [found] if found else []
    from multisource.recordings.companions import companions

    return companions(path)[1:]


def _is_table(path: Path) -> bool:
    if path.suffix.lower() in TABLES:
        return True
    if path.suffix.lower() not in (".txt", ".xyz"):
        return False
    with path.open("rb") as file:
        words = file.readline().replace(b"\0", b"").decode("latin-1").lower()
    return "name" in words and all(axis in words for axis in "xyz")


def _from_table(path: Path) -> Measured:
    points, nowhere, broken = read_points(path)
    if not points:
        raise UserError(f"{path}: no electrode has a position; give x, y and z")
    sidecar = find_coordsystem(path)
    marks = {key: place for name, place in points.items() if (key := landmark(name))}
    if sidecar is None:
        return Measured(str(path), points, nowhere=nowhere, broken=broken)
    stated = read_coordsystem(sidecar)
    size = stated.unit_mm
    own = {key: place * size for key, place in marks.items()} if len(marks) == 3 else {}
    return Measured(
        str(path),
        {name: place * size for name, place in points.items()},
        frame=stated.frame,
        landmarks=stated.landmarks or own,
        nowhere=nowhere,
        broken=broken,
    )


def _montage(path: Path) -> mne.channels.DigMontage:
    """Whatever MNE-Python makes of the file."""
    import mne

    ending = path.suffix.lower()
    try:
        if ending in (".bvct", ".xml"):
            # MNE-Python uses this module there without loading it.
            import_module("defusedxml.ElementTree")
        if ending in _DIGITISERS:
            return getattr(mne.channels, _DIGITISERS[ending])(path)
        if ending in _CUSTOM:
            spherical = ending in (".loc", ".locs", ".eloc", ".txt", ".elp", ".csd", ".bvef")
            size = {"head_size": 0.095} if spherical else {"head_size": None}
            return mne.channels.read_custom_montage(path, verbose="error", **size)
        if ending == ".fif":
            check_chain(path)
            return _from_fif(path)
    except UserError:
        raise
    except Exception as error:  # every reader of MNE has its own exceptions
        raise _unreadable(path, error) from error
    from multisource.recordings.reading import open_raw

    montage = open_raw(path, preload=False).get_montage()
    if montage is None:
        raise UserError(f"{path}: the recording has no electrode positions; name another file")
    return montage


def _unreadable(path: Path, error: Exception) -> UserError:
    line = " ".join(str(error).split())[:200]
    return UserError(f"{path}: MNE cannot read positions from it ({line})")


def _is_somewhere(place: np.ndarray | None) -> bool:
    """Whether a position is one, in whatever unit: not missing, not endless."""
    return place is not None and bool((np.abs(np.asarray(place, dtype=float)) < FARTHEST).all())


def _from_fif(path: Path) -> mne.channels.DigMontage:
    """The digitisation of a recording, of epochs or an average, or one that was saved alone."""
    import mne

    try:
        info = mne.io.read_info(path, verbose="error")
    except ValueError:
        return mne.channels.read_dig_fif(path, verbose="error")
    montage = info.get_montage()
    if montage is None:
        raise UserError(f"{path}: it has no electrode positions; name another file")
    return montage


def _from_montage(path: Path, montage: mne.channels.DigMontage) -> Measured:
    """Take what there is of a montage; MNE's metres may be any unit, which a fit finds out."""
    try:
        found = montage.get_positions()
    except Exception as error:  # a damaged file may name landmarks that there are not
        raise _unreadable(path, error) from error
    points, nowhere = {}, []
    for name, place in (found["ch_pos"] or {}).items():
        if place is None or not _is_somewhere(place) or not np.any(place):
            nowhere.append(name)
        else:
            points[name] = np.asarray(place, dtype=float) * 1000.0
    if not points:
        raise UserError(f"{path}: no electrode has a position; name another file")
    marks = {key: found[key] for key in LANDMARKS if _is_somewhere(found[key])}
    if len(marks) < 3:
        # Some formats list the landmarks among the electrodes.
        marks = {key: points[n] / 1000.0 for n in points if (key := landmark(n))}
    landmarks = {key: np.asarray(place, dtype=float) * 1000.0 for key, place in marks.items()}
    # A digitiser's own axes may lie in any way.
    digitised = path.suffix.lower() in (*_DIGITISERS, ".fif")
    hsp = [
        place for place in ([] if found["hsp"] is None else found["hsp"]) if _is_somewhere(place)
    ]
    return Measured(
        str(path),
        points,
        frame=_FRAMES.get(str(found["coord_frame"]), "unknown"),
        landmarks=landmarks if _are_measured(landmarks, upright=not digitised) else {},
        head_shape=np.array(hsp, dtype=float).reshape(-1, 3) * 1000.0,
        doubtful=True,
        nowhere=nowhere,
    )


def _are_measured(landmarks: dict[str, np.ndarray], *, upright: bool) -> bool:
    """Tell landmarks from what MNE-Python fills in, or leaves in other axes, for EEGLAB's files."""
    if len(landmarks) < 3:
        return False
    lpa, nasion, rpa = (landmarks[key] for key in LANDMARKS)
    sizes = [float(np.linalg.norm(place)) for place in (lpa, nasion, rpa)]
    filled = np.ptp(sizes) < 1e-3 * max(sizes) and lpa[1] == 0 == rpa[1] and nasion[0] == 0
    front = np.cross(np.array([0.0, 0.0, 1.0]), rpa - lpa)
    faces_front = float(np.dot(front, nasion - (lpa + rpa) / 2.0)) > 0
    return not filled and (faces_front or not upright)
