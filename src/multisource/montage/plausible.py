"""Whether electrodes can be where a file says: by their names, and by the scalp."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from nibabel.affines import apply_affine
from scipy.spatial.transform import Rotation

from multisource.montage.alignment import similarity
from multisource.montage.frames import guesses
from multisource.montage.target import Target

# Limits. Against the 10-05 system on the packaged head, Colin27's and the makers' caps, laid on
# ears and nasion, are turned by 3 to 6 degrees and shifted by 4 to 5 mm; electrodes that are off by
# 10 mm (rms, each by itself) turn a cap of 8 by at most 13 and one of 4 by at most 22 degrees, and
# leave 12 mm (rms).
REFUSED_DEG = 15.0
REFUSED_DEG_FEW = 30.0
FEW_NAMES = 6
WARNED_DEG = 7.0
MIRROR_DEG = 45.0
WARNED_MM = 6.0
REFUSED_MM = 30.0
REFUSED_RMS_MM = 25.0
# The middle of a whole cap of any maker is within 5 mm of the head's.
ASIDE_MM = 12.0
MANY = 16
# A mirrored cap fits its mirror image better by this factor; a table in another frame that frame.
CLEARLY = 0.5
# Differences below this do not tell frames apart, mm.
TELLING_MM = 1.0
UNITS = {"millimetres": 1.0, "centimetres": 10.0, "metres": 1000.0}


@dataclass(frozen=True)
class NameFit:
    """How a cap lies against the places that its names have on this head.

    Attributes
    ----------
    turn_deg : ndarray of shape (3,)
        Turned to the left about the vertical, tilted backward, tilted to the right, degrees.
    angle_deg : float
        All of it in one turn.
    shift_mm : ndarray of shape (3,)
        To the right, front and top.
    scale : float
        Its size against the standard places.
    rms_mm : float
        What remains from electrode to electrode.
    mirrored : str or None
        What is exchanged, in words, if it is a mirror image.
    count : int
        How many names there are.
    """

    turn_deg: np.ndarray
    angle_deg: float
    shift_mm: np.ndarray
    scale: float
    rms_mm: float
    mirrored: str | None
    count: int


def fit_names(points: np.ndarray, standard: np.ndarray, centre: np.ndarray) -> NameFit:
    """Compare a cap with the standard places of its names.

    Parameters
    ----------
    points : ndarray of shape (n, 3)
        Electrodes in surface RAS, mm.
    standard : ndarray of shape (n, 3)
        Where their names belong, mm.
    centre : ndarray of shape (3,)
        The middle of the head, mm: a turn about it is no shift.

    Returns
    -------
    NameFit
        The rotation about the middle of the head, shift and scale that make the difference.
    """
    matrix = similarity(standard, points)
    rms = _rms(apply_affine(matrix, standard) - points)
    scale, turn = _scale_and_turn(matrix)
    return NameFit(
        turn_deg=turn.as_euler("ZXY", degrees=True),
        angle_deg=float(np.degrees(turn.magnitude())),
        shift_mm=apply_affine(matrix, centre) - centre,
        scale=scale,
        rms_mm=rms,
        mirrored=_mirrored(points, standard) if rms > WARNED_MM else None,
        count=len(points),
    )


def _scale_and_turn(matrix: np.ndarray) -> tuple[float, Rotation]:
    scale = float(np.cbrt(np.linalg.det(matrix[:3, :3])))
    return scale, Rotation.from_matrix(matrix[:3, :3] / scale)


def _mirrored(points: np.ndarray, standard: np.ndarray) -> str | None:
    """What is exchanged: the axis that leaves the least to turn, if a mirror image fits better."""
    as_it_is = _rms(apply_affine(similarity(standard, points), standard) - points)
    angles = []
    for flip in np.ones((3, 3)) - 2.0 * np.eye(3):
        matrix = similarity(standard * flip, points)
        if _rms(apply_affine(matrix, standard * flip) - points) > CLEARLY * as_it_is:
            return None
        angles.append(_scale_and_turn(matrix)[1].magnitude())
    words = ("left and right are", "front and back are", "top and bottom are")
    axis = int(np.argmin(angles))
    return words[axis] if np.degrees(angles[axis]) < MIRROR_DEG else "two axes are"


def middle(standard: dict[str, np.ndarray]) -> np.ndarray:
    """Find the middle of a head's upper half.

    Parameters
    ----------
    standard : dict of str to ndarray of shape (3,)
        The 10-05 system on the head, mm.

    Returns
    -------
    ndarray of shape (3,)
        Centre of the sphere that fits it best, mm.
    """
    points = np.array(list(standard.values()))
    rows = np.column_stack([2.0 * points, np.ones(len(points))])
    return np.linalg.lstsq(rows, (points**2).sum(axis=1), rcond=None)[0][:3]


def misfit(
    points: np.ndarray, target: Target, pairs: tuple[np.ndarray, np.ndarray] | None
) -> float:
    """Say how badly a cap fits a head.

    Parameters
    ----------
    points : ndarray of shape (n, 3)
        Electrodes in surface RAS, mm.
    target : Target
        The head.
    pairs : tuple of (ndarray of int, shape (k,), ndarray of shape (k, 3)), optional
        Which of the electrodes have a name of the 10-05 system, and where that is, mm.

    Returns
    -------
    float
        Root mean square distance from the places of the names, else from the scalp, mm.
    """
    if pairs is not None:
        which, standard = pairs
        return _rms(points[which] - standard)
    return float(np.sqrt(np.mean(target.distances(points) ** 2)))


def likely_frame(
    laid: np.ndarray,
    points: np.ndarray,
    target: Target,
    pairs: tuple[np.ndarray, np.ndarray] | None,
) -> str | None:
    """Guess the unit and frame of positions that do not fit as they are stated.

    Parameters
    ----------
    laid : ndarray of shape (n, 3)
        Where the statement puts the electrodes, surface RAS, mm.
    points : ndarray of shape (n, 3)
        As the file has them, taken for mm or converted to them.
    target : Target
        The head.
    pairs : tuple of (ndarray of int, shape (k,), ndarray of shape (k, 3)), optional
        As for :func:`misfit`.

    Returns
    -------
    str or None
        What fits clearly better, in words; None if nothing does.
    """
    as_stated = misfit(laid, target, pairs)
    best, words = as_stated, None
    for unit, factor in UNITS.items():
        for frame, matrices in guesses(target).items():
            for matrix in matrices:
                found = misfit(apply_affine(matrix, points * factor), target, pairs)
                # What comes first is the simpler; rounding is no reason to prefer another.
                if found < 0.9 * best:
                    best, words = found, f"{frame} in {unit}"
    return words if best < CLEARLY * as_stated and as_stated > TELLING_MM else None


def name_mistake(fit: NameFit) -> str | None:
    """Say what is wrong with a cap that cannot be where it is said to be.

    Parameters
    ----------
    fit : NameFit
        Against the standard places.

    Returns
    -------
    str or None
        What is wrong and what to do; None if it may be right.
    """
    if fit.mirrored:
        return (
            f"by the names of the electrodes {fit.mirrored} exchanged: correct the axes (x to the "
            "right, y to the front, z up)"
        )
    if fit.rms_mm > REFUSED_RMS_MM:
        return (
            f"electrodes are {fit.rms_mm:.0f} mm (rms) from the places of their names; check "
            "which name belongs to which position"
        )
    if fit.angle_deg > (REFUSED_DEG if fit.count >= FEW_NAMES else REFUSED_DEG_FEW):
        return (
            f"the cap is {_turned(fit)} against the places of its names; correct the axes or the "
            "landmarks that they were measured from"
        )
    shift = float(np.linalg.norm(fit.shift_mm))
    if shift > REFUSED_MM:
        return (
            f"the cap is {_shifted(fit)} of the places of its names; correct the origin of the "
            "coordinates"
        )
    return None


def name_warning(fit: NameFit) -> str | None:
    """Say what is odd about a cap that may still be right.

    Parameters
    ----------
    fit : NameFit
        Against the standard places.

    Returns
    -------
    str or None
        How far it is off; None if it is near where it should be.
    """
    parts = []
    if np.linalg.norm(fit.shift_mm) > WARNED_MM:
        parts.append(_shifted(fit))
    if fit.angle_deg > WARNED_DEG:
        parts.append(_turned(fit))
    if not parts:
        return None
    return f"the cap is {' and '.join(parts)} against the places that its names have on this head"


def side_warning(points: np.ndarray, target: Target) -> str | None:
    """Say that a cap is lopsided; for electrodes whose names say nothing.

    Parameters
    ----------
    points : ndarray of shape (n, 3)
        In surface RAS, mm.
    target : Target
        The head.

    Returns
    -------
    str or None
        How far its middle is from the head's; None if it is near, or the electrodes are few.
    """
    lpa, _, rpa = target.landmarks()
    right = (rpa - lpa) / np.linalg.norm(rpa - lpa)
    aside = float(np.dot(points.mean(axis=0) - (lpa + rpa) / 2.0, right))
    if len(points) < MANY or abs(aside) < ASIDE_MM:
        return None
    side = "right" if aside > 0 else "left"
    return f"the middle of the cap is {abs(aside):.0f} mm to the {side} of the head's"


def _turned(fit: NameFit) -> str:
    """Words for the turn: the largest of its three parts first, small ones left out."""
    words = (
        ("turned by {:.0f} degrees to the left", "turned by {:.0f} degrees to the right"),
        ("tilted by {:.0f} degrees (front up)", "tilted by {:.0f} degrees (front down)"),
        ("tilted by {:.0f} degrees (left up)", "tilted by {:.0f} degrees (right up)"),
    )
    order = np.argsort(-np.abs(fit.turn_deg))
    large = [k for k in order if abs(fit.turn_deg[k]) > 0.3 * fit.angle_deg]
    return " and ".join(
        words[k][int(fit.turn_deg[k] < 0)].format(abs(fit.turn_deg[k])) for k in large
    )


def _shifted(fit: NameFit) -> str:
    words = (("right", "left"), ("front", "back"), ("top", "bottom"))
    order = np.argsort(-np.abs(fit.shift_mm))
    size = float(np.linalg.norm(fit.shift_mm))
    where = [words[k][int(fit.shift_mm[k] < 0)] for k in order if abs(fit.shift_mm[k]) > 0.5 * size]
    return f"shifted by {size:.0f} mm to the {' and '.join(where)}"


def _rms(differences: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.sum(differences**2, axis=1))))
