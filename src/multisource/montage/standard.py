"""Montages that come with MNE-Python, and where the 10-05 names are on a head."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
from nibabel.affines import apply_affine

from multisource.anatomy.landmarks import LANDMARKS
from multisource.channels.names import did_you_mean, nearest_names
from multisource.errors import UserError
from multisource.geometry.closest_points import closest_points
from multisource.montage.frames import transforms
from multisource.montage.measured import Measured
from multisource.montage.target import Target

# The montage whose names and places are the 10-05 system's on an average head.
TEN_FIVE = "fsaverage_1005"
# Montages in the coordinates of fsaverage's MRI: mapped through MNI space, not by landmarks.
_IN_MNI = ("fsaverage", "colin27", "mgh", "artinis")
# Fewer names of the 10-05 system than this share are a coincidence: BioSemi's C3 is another place.
SHARE_OF_NAMES = 0.75
FEWEST_NAMES = 4


def standard_montage(name: str) -> Measured:
    """Read a montage that comes with MNE-Python.

    Parameters
    ----------
    name : str
        Its name, or the name that it had before MNE-Python 1.12.

    Returns
    -------
    Measured
        Positions in fsaverage's coordinates, or about a sphere, with landmarks.

    Raises
    ------
    UserError
        For an unknown montage.
    """
    points = _positions(name)
    return Measured(
        source=f"montage {name}",
        points={key: place * 1000.0 for key, place in points["ch_pos"].items()},
        frame="fsaverage" if points["coord_frame"] == "mri" or is_template(name) else "landmarks",
        landmarks={key: points[key] * 1000.0 for key in LANDMARKS},
    )


def is_template(name: str) -> bool:
    """Tell whether a montage lies on fsaverage's own scalp.

    Parameters
    ----------
    name : str
        Name of the montage.

    Returns
    -------
    bool
        True for those of fsaverage: they need no fit to a head.
    """
    return name.startswith("fsaverage")


@cache
def _positions(name: str) -> dict[str, Any]:
    import mne

    with warnings.catch_warnings():
        # Old names of montages are read as long as MNE knows them.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            montage = mne.channels.make_standard_montage(name)
        except ValueError:
            known = mne.channels.get_builtin_montages()
            raise UserError(
                f"montage {name!r} is unknown to MNE, and no file{did_you_mean(name, known)}"
            ) from None
    return dict(montage.get_positions())


def ten_five(target: Target) -> dict[str, np.ndarray]:
    """Place the 10-05 system on a head, through MNI space.

    Parameters
    ----------
    target : Target
        The head.

    Returns
    -------
    dict of str to ndarray of shape (3,)
        Name to position on the scalp, surface RAS, mm.
    """
    points = standard_montage(TEN_FIVE).points
    (matrix,) = transforms("fsaverage", target)
    moved, _, _ = closest_points(
        *target.scalp, apply_affine(matrix, np.array(list(points.values())))
    )
    return dict(zip(points, moved, strict=True))


def named_pairs(
    points: dict[str, np.ndarray], standard: dict[str, np.ndarray]
) -> list[tuple[str, str]]:
    """Pair names with those of the 10-05 system.

    Parameters
    ----------
    points : dict of str to ndarray of shape (3,)
        Names of a file, with positions.
    standard : dict of str to ndarray of shape (3,)
        As :func:`ten_five` returns.

    Returns
    -------
    list of (str, str)
        The file's name and the system's. None unless three quarters of the file's names are the
        system's, and at least four.
    """
    pairs = [
        (name, own[0])
        for name, own in nearest_names(list(standard), list(points)).items()
        if len(own) == 1
    ]
    if len(pairs) < max(FEWEST_NAMES, SHARE_OF_NAMES * len(points)):
        return []
    return pairs
