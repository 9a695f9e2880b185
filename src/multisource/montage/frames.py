"""Coordinate systems of EEG electrodes, and their transforms to a head's surface RAS.

A system's name fixes its axes and says roughly where its origin is; programs differ in the rest.
Each therefore has one or several transforms, the standard's first; the caller takes the one that
fits the head.
"""

from __future__ import annotations

import re

import numpy as np

from multisource.montage.target import Target

# Names of BIDS, with those that it no longer wants.
RAS_HEAD = ("CapTrak", "ElektaNeuromag", "Neuromag", "ChietiItab")
ALS_HEAD = ("CTF", "EEGLAB", "EEGLAB-HJ", "4DBti", "KitYokogawa")
OWN = ("ScanRAS", "individual", "T1w", "SurfaceRAS")
MNI152 = (
    "MNI152Lin",
    "MNI152NLin6Sym",
    "MNI152NLin6ASym",
    *(f"MNI152NLin2009{version}{kind}" for version in "abc" for kind in ("Sym", "Asym")),
    "MNIColin27",
    "IXI549Space",
    "NIHPD",
    "fsLR",
)
MNI305 = ("MNI305", "fsaverage", "fsaverageSym", "ICBM452AirSpace", "ICBM452Warp5Space")
FRAMES = {
    **dict.fromkeys(RAS_HEAD, "ras"),
    **dict.fromkeys(ALS_HEAD, "als"),
    **dict.fromkeys(OWN, "own"),
    **dict.fromkeys(MNI152, "mni152"),
    **dict.fromkeys(MNI305, "mni305"),
}
# Axes of ALS (x to the front, y to the left) in RAS.
_ALS = np.array([[0.0, -1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0, 0, 0, 1]])


def frame_of(name: str) -> str | None:
    """Find a coordinate system by its name.

    Parameters
    ----------
    name : str
        As a coordsystem.json has it; case does not count.

    Returns
    -------
    str or None
        A key of :data:`FRAMES`; None for one that is not known.
    """
    plain = name.strip().lower()
    by_lower = {known.lower(): known for known in FRAMES}
    # fsaverage3 to 6 are coarser meshes of the same space.
    plain = re.sub(r"^fsaverage[3-6]$", "fsaverage", plain)
    return by_lower.get(plain)


def transforms(frame: str, target: Target) -> list[np.ndarray]:
    """Return the transforms that a coordinate system may have on a head.

    Parameters
    ----------
    frame : str
        A key of :data:`FRAMES`.
    target : Target
        The head.

    Returns
    -------
    list of ndarray of shape (4, 4)
        From the system to surface RAS, both in mm; what the name says first.
    """
    # Whoever only asks for a name needs none of what that module loads.
    from multisource.anatomy.fsaverage import MNI305_TO_MNI152

    own = np.eye(4)
    mni = np.linalg.inv(target.to_mni)
    mni305 = mni @ MNI305_TO_MNI152
    foot, middle, ctf = _head_frames(target)
    kind = FRAMES[frame]
    if kind == "own":
        return [own]
    if kind == "mni152":
        return [mni]
    if kind == "mni305":
        return [mni305]
    if kind == "ras":
        return [foot, middle]
    between_ears = [ctf, foot @ _ALS, middle @ _ALS]
    if frame == "EEGLAB":
        # Its template positions are about the middle of the head, not of the ears.
        return [*between_ears, own @ _ALS, mni305 @ _ALS, mni @ _ALS]
    return between_ears


def guesses(target: Target) -> dict[str, list[np.ndarray]]:
    """Return what a table without a coordsystem.json may be in.

    Parameters
    ----------
    target : Target
        The head.

    Returns
    -------
    dict of str to list of ndarray of shape (4, 4)
        Words for the user to transforms to surface RAS; the head's own surface RAS first.
    """
    axes = np.linalg.inv(target.to_mni) @ _ALS
    return {
        "surface RAS of the head": [np.eye(4)],
        "head coordinates (CapTrak, Neuromag, MNE)": transforms("CapTrak", target),
        "CTF coordinates": transforms("CTF", target),
        "EEGLAB's axes (ALS: x to the front, y to the left)": [_ALS, axes],
        "MNI152 coordinates": transforms("MNI152Lin", target),
        "MNI305 coordinates (fsaverage)": transforms("MNI305", target),
    }


def _head_frames(target: Target) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """From head coordinates: x through both ears or, by CTF, through the nasion."""
    lpa, nasion, rpa = target.landmarks()
    x = _unit(rpa - lpa)
    origin = lpa + np.dot(nasion - lpa, x) * x
    y = _unit(nasion - origin)
    middle = (lpa + rpa) / 2.0
    front = _unit(nasion - middle)
    up = _unit(np.cross(front, lpa - middle))
    return (
        _affine([x, y, np.cross(x, y)], origin),
        _affine([x, y, np.cross(x, y)], middle),
        _affine([front, np.cross(up, front), up], middle),
    )


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _affine(axes: list[np.ndarray], origin: np.ndarray) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = np.column_stack(axes)
    matrix[:3, 3] = origin
    return matrix
