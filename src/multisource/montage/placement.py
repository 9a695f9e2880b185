"""The study's electrodes on the scalp of a head, from a montage or a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from nibabel.affines import apply_affine

from multisource.anatomy.electrodes import Electrodes
from multisource.anatomy.landmarks import LANDMARKS
from multisource.errors import UserError
from multisource.geometry.closest_points import closest_points
from multisource.montage.alignment import fit_to_scalp, similarity
from multisource.montage.files import TABLES, read_positions
from multisource.montage.frames import FRAMES, transforms
from multisource.montage.measured import Measured
from multisource.montage.plausible import (
    fit_names,
    likely_frame,
    middle,
    misfit,
    name_mistake,
    name_warning,
)
from multisource.montage.standard import is_template, named_pairs, standard_montage, ten_five
from multisource.montage.target import Target

# A cap of another head is stretched onto this one if it lies this far (rms) from its scalp; an
# electrode is some millimetres thick.
STRETCHED_MM = 6.0
# Units that a file of a digitiser may have been in, in what it was read as.
UNITS_MM = (1.0, 10.0, 100.0, 1000.0, 0.001, 0.01)
# Ears and nasion of two adults differ by less than this share (its logarithm); else the positions
# are on a sphere, or in no unit. Those of one adult, measured twice, differ by less than the other.
SAME_SIZE = 0.25
ODD_SIZE = 0.06
# Sizes of this head over another one.
SIZES = np.linspace(0.7, 1.4, 29)
# How exactly landmarks are pressed, and how exactly an ideal cap has those of a head.
LANDMARK_MM = 4.0
IDEAL_MM = 6.0
FEWEST_HEAD_SHAPE = 20
FEWEST_BY_NAMES = 6


@dataclass(frozen=True)
class Placed:
    """Electrodes on a scalp, and what was done to get them there.

    Attributes
    ----------
    electrodes : Electrodes
        On the scalp.
    before : ndarray of shape (E, 3)
        Where they were, aligned with the head but not yet moved to the scalp, mm.
    from_standard_mm : ndarray of shape (E,)
        How far each lies from the place that its name has on this head by the 10-05 system; NaN
        for other names.
    how : str
        What was done, in a sentence.
    warnings : list of str
        What is odd.
    """

    electrodes: Electrodes
    before: np.ndarray
    from_standard_mm: np.ndarray
    how: str
    warnings: list[str] = field(default_factory=list)

    @property
    def moved_mm(self) -> np.ndarray:
        """How far each electrode was moved to the scalp, mm, shape (E,)."""
        return np.linalg.norm(self.electrodes.positions - self.before, axis=1)


def place(
    target: Target,
    names: Sequence[str],
    montage: str | Path,
    *,
    max_distance_mm: float = 15.0,
) -> Placed:
    """Place electrodes on the scalp of a head.

    Parameters
    ----------
    target : Target
        The head.
    names : sequence of str
        E channel names of the study.
    montage : str or path
        An MNE montage name, or a file that :func:`multisource.montage.files.read_positions` reads.
    max_distance_mm : float, default 15
        Farthest that a position may be from the scalp, mm.

    Returns
    -------
    Placed
        The electrodes.

    Raises
    ------
    UserError
        For what cannot be read, channels without a position, and positions that cannot be right.
    """
    is_file, measured = is_a_file(montage), read_montage(montage)
    wanted = measured.of(names)
    standard = ten_five(target)
    warnings: list[str] = []
    if is_file:
        matrix, how = _of_file(measured, target, standard, warnings)
    else:
        matrix, how = _of_standard(measured, target, standard)
    before = apply_affine(matrix, wanted)
    electrodes = project(names, before, target, max_distance_mm=max_distance_mm)
    own = dict(named_pairs(dict(zip(names, before, strict=True)), standard))
    belongs = np.array([standard[own[n]] if n in own else [np.nan] * 3 for n in names])
    off = np.linalg.norm(electrodes.positions - belongs, axis=1)
    return Placed(electrodes, before, off, how, warnings)


def read_montage(montage: str | Path) -> Measured:
    """Read the positions of a montage, before they are laid on a head.

    Parameters
    ----------
    montage : str or path
        An MNE montage name, or a file that :func:`multisource.montage.files.read_positions` reads.

    Returns
    -------
    Measured
        The positions.

    Raises
    ------
    UserError
        For an unknown montage, or a file that cannot be read.
    """
    return read_positions(montage) if is_a_file(montage) else standard_montage(str(montage))


def is_a_file(montage: str | Path) -> bool:
    """Tell a file of positions from the name of a montage.

    Parameters
    ----------
    montage : str or path
        Either.

    Returns
    -------
    bool
        True for a file, and for the name of a table that does not exist.
    """
    return Path(montage).is_file() or Path(montage).suffix.lower() in TABLES


def project(
    names: Sequence[str], positions: np.ndarray, target: Target, *, max_distance_mm: float = 15.0
) -> Electrodes:
    """Move electrodes to the nearest points of the scalp.

    Parameters
    ----------
    names : sequence of str
        E channel names.
    positions : ndarray of shape (E, 3)
        In surface RAS, mm.
    target : Target
        The head whose scalp they stand on.
    max_distance_mm : float, default 15
        Farthest that a position may be from the scalp, mm.

    Returns
    -------
    Electrodes
        Names and positions on the scalp.

    Raises
    ------
    UserError
        Naming the electrode that is farthest beyond ``max_distance_mm``.
    """
    distance = target.distances(positions)
    worst = int(distance.argmax())
    if distance[worst] > max_distance_mm:
        raise UserError(
            f"electrode {names[worst]!r} is {distance[worst]:.1f} mm from the scalp, more than "
            f"{max_distance_mm:g} mm; check its position, units and coordinate frame"
        )
    return Electrodes(list(names), closest_points(*target.scalp, positions)[0])


def _of_standard(
    measured: Measured, target: Target, standard: dict[str, np.ndarray]
) -> tuple[np.ndarray, str]:
    """Lay a montage of MNE-Python's on a head."""
    name = measured.source.removeprefix("montage ")
    if is_template(name):
        (matrix,) = transforms("fsaverage", target)
        return matrix, f"{name}, mapped through MNI space"
    cap = np.array(list(measured.points.values()))
    own, belong = [], []
    if measured.frame == "fsaverage":
        (start,) = transforms("fsaverage", target)
        by = "mapped through MNI space"
    else:
        own = [measured.landmarks[key] for key in LANDMARKS]
        belong = list(target.landmarks())
        start = similarity(np.array(own), target.landmarks())
        by = "laid on ears and nasion"
    for mine, its in named_pairs(measured.points, standard):
        own.append(measured.points[mine])
        belong.append(standard[its])
    pairs = (apply_affine(start, np.array(own)), np.array(belong)) if own else None
    fit = fit_to_scalp(apply_affine(start, cap), target.scalp, pairs=pairs, pairs_mm=IDEAL_MM)
    return fit @ start, f"{name}, {by} and stretched onto the scalp"


def _of_file(
    measured: Measured,
    target: Target,
    standard: dict[str, np.ndarray],
    warnings: list[str],
) -> tuple[np.ndarray, str]:
    """Lay positions of a file on a head, and refuse what cannot be right."""
    points = np.array(list(measured.points.values()))
    named = named_pairs(measured.points, standard)
    order = list(measured.points)
    which = np.array([order.index(name) for name, _ in named], dtype=int)
    pairs = (which, np.array([standard[own] for _, own in named])) if named else None
    frame = measured.frame
    kind = FRAMES.get(frame) if frame else "own"
    own = kind in ("own", "mni152", "mni305")
    few_names = len(named) < FEWEST_BY_NAMES
    if own or (kind and not measured.landmarks and (few_names or not measured.doubtful)):
        tried = transforms(frame, target) if frame else [np.eye(4)]
        matrix = min(tried, key=lambda one: misfit(apply_affine(one, points), target, pairs))
        how = f"{frame or 'surface RAS of the head'}, as stated"
        _refuse_other_frame(measured, apply_affine(matrix, points), points, target, pairs)
    elif measured.landmarks:
        matrix, how = _by_landmarks(measured, target, warnings), "laid on ears and nasion"
    else:
        matrix, how = _by_names(measured, points, pairs), "laid on the places of their names"
    if len(measured.head_shape) >= FEWEST_HEAD_SHAPE and not own:
        shape = apply_affine(matrix, measured.head_shape)
        matrix = _fit(matrix, shape, measured, target, scaled=False) @ matrix
        how += f" and on {len(shape)} points of the head's shape"
    laid = apply_affine(matrix, points)
    distance = misfit(laid, target, None)
    if distance > STRETCHED_MM and not own:
        first = matrix
        matrix = _enlarged(matrix, points, measured, target)
        matrix = _fit(matrix, apply_affine(matrix, points), measured, target, scaled=True) @ matrix
        laid = apply_affine(matrix, points)
        sizes = np.linalg.norm((matrix @ np.linalg.inv(first))[:3, :3], axis=0)
        how += ", stretched onto the scalp"
        warnings.append(
            f"the positions were {distance:.0f} mm (rms) from the scalp: they are another head's, "
            "and were stretched by "
            + ", ".join(f"{100 * (size - 1):+.0f} %" for size in sizes)
            + " along x, y, z"
        )
    _check_names(measured, laid, standard, pairs, warnings)
    return matrix, how


def _enlarged(
    matrix: np.ndarray, points: np.ndarray, measured: Measured, target: Target
) -> np.ndarray:
    """Give another head's positions this head's size: by the landmarks, else by the scalp."""
    if measured.landmarks:
        own = np.array([measured.landmarks[key] for key in LANDMARKS])
        return similarity(own, target.landmarks())
    tried = [matrix @ np.diag([size, size, size, 1.0]) for size in SIZES]
    return min(tried, key=lambda one: misfit(apply_affine(one, points), target, None))


def _fit(
    matrix: np.ndarray, laid: np.ndarray, measured: Measured, target: Target, *, scaled: bool
) -> np.ndarray:
    pairs = None
    if measured.landmarks:
        marks = np.array([measured.landmarks[key] for key in LANDMARKS])
        pairs = apply_affine(matrix, marks), target.landmarks()
    return fit_to_scalp(laid, target.scalp, scaled=scaled, pairs=pairs, pairs_mm=LANDMARK_MM)


def _by_landmarks(measured: Measured, target: Target, warnings: list[str]) -> np.ndarray:
    """Turn and shift by ears and nasion; the size is kept where the unit can be told."""
    own = np.array([measured.landmarks[key] for key in LANDMARKS])
    fit = similarity(own, target.landmarks())
    size = float(np.cbrt(np.linalg.det(fit[:3, :3])))
    unit = min(UNITS_MM, key=lambda one: abs(np.log(size / one)))
    if abs(np.log(size / unit)) > SAME_SIZE:
        return fit
    if abs(size / unit - 1.0) > ODD_SIZE:
        warnings.append(
            f"ears and nasion are {100 * abs(unit / size - 1):.0f} % "
            f"{'farther apart' if unit > size else 'closer together'} than this head's: the "
            "positions are another head's, or of other landmarks"
        )
    enlarge = np.diag([unit, unit, unit, 1.0])
    return similarity(own * unit, target.landmarks(), scaled=False) @ enlarge


def _by_names(
    measured: Measured, points: np.ndarray, pairs: tuple[np.ndarray, np.ndarray] | None
) -> np.ndarray:
    if pairs is None or len(pairs[0]) < FEWEST_BY_NAMES:
        raise UserError(
            f"{measured.source}: how its positions lie to a head cannot be told: it has no ears "
            "and nasion (LPA, RPA, NAS), and fewer than "
            f"{FEWEST_BY_NAMES} names of the 10-05 system; add the landmarks"
        )
    return similarity(points[pairs[0]], pairs[1])


def _refuse_other_frame(
    measured: Measured,
    laid: np.ndarray,
    points: np.ndarray,
    target: Target,
    pairs: tuple[np.ndarray, np.ndarray] | None,
) -> None:
    looks = likely_frame(laid, points, target, pairs)
    if looks is None:
        return
    if measured.frame is None:
        raise UserError(
            f"{measured.source}: the positions are no mm in surface RAS of the head, which a table "
            f"without a coordsystem.json has; they look like {looks}: state it in a "
            "coordsystem.json beside the table, or convert them"
        )
    raise UserError(
        f"{measured.source}: the positions do not fit the head in {measured.frame}, which is "
        f"stated for them; they look like {looks}: correct the statement"
    )


def _check_names(
    measured: Measured,
    laid: np.ndarray,
    standard: dict[str, np.ndarray],
    pairs: tuple[np.ndarray, np.ndarray] | None,
    warnings: list[str],
) -> None:
    if pairs is None:
        return
    which, belongs = pairs
    fit = fit_names(laid[which], belongs, middle(standard))
    mistake = name_mistake(fit)
    if mistake:
        raise UserError(f"{measured.source}: {mistake}")
    odd = name_warning(fit)
    if odd:
        warnings.append(odd)
