"""Positions of a file laid on a head: by what it states, by landmarks, or by names."""

from __future__ import annotations

import numpy as np
from nibabel.affines import apply_affine

from multisource.anatomy.landmarks import LANDMARKS
from multisource.errors import UserError
from multisource.montage.alignment import fit_to_scalp, similarity
from multisource.montage.frames import FRAMES, transforms
from multisource.montage.measured import Measured
from multisource.montage.plausible import (
    fit_names,
    likely_frame,
    middle,
    misfit,
    name_mistake,
    name_warning,
    side_warning,
)
from multisource.montage.standard import named_pairs
from multisource.montage.target import Target

# A cap that lies farther than this (rms) from the scalp is moved or stretched onto it; an electrode
# is some millimetres thick.
OFF_SCALP_MM = 6.0
# Units that a file of a digitiser may have been in, in what it was read as.
UNITS_MM = (1.0, 10.0, 100.0, 1000.0, 0.001, 0.01)
# Ears and nasion of two adults differ by less than this share (its logarithm); else the positions
# are on a sphere, or in no unit. Those of one adult, measured twice, differ by less than the other.
SAME_SIZE = 0.25
ODD_SIZE = 0.06
# Sizes of this head over another one.
SIZES = np.linspace(0.7, 1.4, 29)
# How exactly landmarks are pressed, and how exactly names say where electrodes of a cap are.
LANDMARK_MM = 4.0
NAME_MM = 10.0
FEWEST_HEAD_SHAPE = 20
FEWEST_BY_NAMES = 6

Pairs = tuple[np.ndarray, np.ndarray]


def lay(
    measured: Measured,
    target: Target,
    standard: dict[str, np.ndarray],
    warnings: list[str],
) -> tuple[np.ndarray, str]:
    """Lay positions of a file on a head, and refuse what cannot be right.

    Parameters
    ----------
    measured : Measured
        The positions in the file's frame.
    target : Target
        The head.
    standard : dict of str to ndarray of shape (3,)
        The 10-05 system on this head, mm.
    warnings : list of str
        Gets what is odd.

    Returns
    -------
    matrix : ndarray of shape (4, 4)
        From the file's frame to surface RAS, mm.
    how : str
        What was done, in a sentence.

    Raises
    ------
    UserError
        For positions whose frame cannot be told or is another than stated, and for caps that are
        mirrored, turned, tilted or far off.
    """
    points = np.array(list(measured.points.values()))
    named = named_pairs(measured.points, standard)
    order = {name: place for place, name in enumerate(measured.points)}
    which = np.array([order[name] for name, _ in named], dtype=int)
    pairs = (which, np.array([standard[own] for _, own in named])) if named else None
    frame = measured.frame
    kind = FRAMES.get(frame) if frame else "own"
    absolute = kind in ("own", "mni152", "mni305")
    by_names = len(named) >= FEWEST_BY_NAMES and measured.doubtful
    if absolute or (kind and not measured.landmarks and not by_names):
        matrix = _as_stated(measured, points, target, pairs)
        how, anchors = f"{frame or 'surface RAS of the head'}, as stated", None
    elif measured.landmarks:
        own = np.array([measured.landmarks[key] for key in LANDMARKS])
        how, anchors = "laid on ears and nasion", (own, target.landmarks())
        matrix = _by_landmarks(*anchors, warnings)
    else:
        anchors = _anchors(measured, points, pairs)
        how, matrix = "laid on the places of their names", similarity(*anchors)
    if not absolute:
        matrix, more = _onto_scalp(matrix, points, measured, anchors, target, warnings)
        how += more
    _check(measured, apply_affine(matrix, points), standard, target, pairs, warnings)
    return matrix, how


def _as_stated(
    measured: Measured, points: np.ndarray, target: Target, pairs: Pairs | None
) -> np.ndarray:
    """Of the transforms that the stated frame may have the one that fits; none if another does."""
    tried = transforms(measured.frame, target) if measured.frame else [np.eye(4)]
    matrix = min(tried, key=lambda one: misfit(apply_affine(one, points), target, pairs))
    looks = likely_frame(apply_affine(matrix, points), points, target, pairs)
    if looks and measured.frame is None:
        raise UserError(
            f"{measured.source}: the positions are no mm in surface RAS of the head, which a table "
            f"without a coordsystem.json has; they look like {looks}: state it in a "
            "coordsystem.json beside the table, or convert them"
        )
    if looks:
        raise UserError(
            f"{measured.source}: the positions do not fit the head in {measured.frame}, which is "
            f"stated for them; they look like {looks}: correct the statement"
        )
    return matrix


def _by_landmarks(own: np.ndarray, belong: np.ndarray, warnings: list[str]) -> np.ndarray:
    """Turn and shift by ears and nasion; the size is kept if it is this head's in some unit."""
    fit = similarity(own, belong)
    size = float(np.cbrt(np.linalg.det(fit[:3, :3])))
    unit = min(UNITS_MM, key=lambda one: abs(np.log(size / one)))
    if abs(size / unit - 1.0) <= ODD_SIZE:
        enlarge = np.diag([unit, unit, unit, 1.0])
        return similarity(own * unit, belong, scaled=False) @ enlarge
    if abs(np.log(size / unit)) > SAME_SIZE:
        warnings.append("the positions are in no unit of length: brought to this head's size")
    else:
        warnings.append(
            f"ears and nasion are {100 * abs(unit / size - 1):.0f} % "
            f"{'farther apart' if unit > size else 'closer together'} than this head's: the "
            "positions are another head's, and were brought to this one's size"
        )
    return fit


def _anchors(measured: Measured, points: np.ndarray, pairs: Pairs | None) -> Pairs:
    """Electrodes whose names say where they belong."""
    if pairs is None or len(pairs[0]) < FEWEST_BY_NAMES:
        raise UserError(
            f"{measured.source}: how its positions lie to a head cannot be told: it has no ears "
            f"and nasion (LPA, RPA, NAS), and fewer than {FEWEST_BY_NAMES} names of the 10-05 "
            "system; add the landmarks"
        )
    return points[pairs[0]], pairs[1]


def _onto_scalp(
    matrix: np.ndarray,
    points: np.ndarray,
    measured: Measured,
    anchors: Pairs | None,
    target: Target,
    warnings: list[str],
) -> tuple[np.ndarray, str]:
    """Use the points of the head's shape; move, or else stretch, a cap that is off the scalp."""
    how = ""
    if len(measured.head_shape) >= FEWEST_HEAD_SHAPE:
        shape = measured.head_shape
        matrix = _fit(shape, matrix, anchors, target, scaled=bool(warnings))
        how = f" and on {len(shape)} points of the head's shape"
    off = misfit(apply_affine(matrix, points), target, None)
    if off <= OFF_SCALP_MM:
        return matrix, how
    moved = _fit(points, matrix, anchors, target, scaled=False)
    if misfit(apply_affine(moved, points), target, None) <= OFF_SCALP_MM:
        warnings.append(
            f"the positions were {off:.0f} mm (rms) from the scalp, and were moved onto it"
        )
        return moved, f"{how}, moved onto the scalp"
    sized = similarity(*anchors) if anchors else _sized(matrix, points, target)
    stretched = _fit(points, sized, anchors, target, scaled=True)
    sizes = np.linalg.norm((stretched @ np.linalg.inv(matrix))[:3, :3], axis=0)
    percent = ", ".join(f"{100 * (size - 1):+.0f} %" for size in sizes)
    warnings.append(
        f"the positions were {off:.0f} mm (rms) from the scalp: they are another head's, or a "
        f"sphere's, and were stretched by {percent} along x, y, z"
    )
    return stretched, f"{how}, stretched onto the scalp"


def _sized(matrix: np.ndarray, points: np.ndarray, target: Target) -> np.ndarray:
    """Enlarge about the origin of the frame, which is between the ears, until the scalp fits."""
    tried = [matrix @ np.diag([size, size, size, 1.0]) for size in SIZES]
    return min(tried, key=lambda one: misfit(apply_affine(one, points), target, None))


def _fit(
    points: np.ndarray,
    matrix: np.ndarray,
    anchors: Pairs | None,
    target: Target,
    *,
    scaled: bool,
) -> np.ndarray:
    """Lay points on the scalp; anchors, in the file's frame, go with them to where they belong."""
    pairs = (apply_affine(matrix, anchors[0]), anchors[1]) if anchors else None
    exact = LANDMARK_MM if anchors and len(anchors[0]) == len(LANDMARKS) else NAME_MM
    laid = apply_affine(matrix, points)
    fit = fit_to_scalp(laid, target.scalp, scaled=scaled, pairs=pairs, pairs_mm=exact)
    return fit @ matrix


def _check(
    measured: Measured,
    laid: np.ndarray,
    standard: dict[str, np.ndarray],
    target: Target,
    pairs: Pairs | None,
    warnings: list[str],
) -> None:
    """Refuse what the names forbid; warn of what is odd."""
    if pairs is None:
        odd = side_warning(laid, target)
    else:
        fit = fit_names(laid[pairs[0]], pairs[1], middle(standard))
        mistake = name_mistake(fit)
        if mistake:
            raise UserError(f"{measured.source}: {mistake}")
        odd = name_warning(fit)
    if odd:
        warnings.append(odd)
