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
from multisource.montage.frames import transforms
from multisource.montage.laying import lay
from multisource.montage.measured import Measured
from multisource.montage.record import Digitised
from multisource.montage.standard import is_template, named_pairs, standard_montage, ten_five
from multisource.montage.target import Target

# How exactly an ideal cap has the landmarks and names of a head.
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
    digitised : Digitised
        Landmarks and head shape of a measured montage, where they came to lie.
    """

    electrodes: Electrodes
    before: np.ndarray
    from_standard_mm: np.ndarray
    how: str
    warnings: list[str] = field(default_factory=list)
    digitised: Digitised = field(default_factory=Digitised)

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
    measured = read_montage(montage)
    wanted = measured.of(names)
    standard = ten_five(target)
    warnings: list[str] = []
    digitised = Digitised()
    if is_a_file(montage):
        matrix, how = lay(measured, target, standard, warnings)
        digitised = _digitised(measured, matrix, target)
    else:
        matrix, how = _of_standard(measured, target, standard)
    before = apply_affine(matrix, wanted)
    electrodes = project(names, before, target, max_distance_mm=max_distance_mm)
    own = dict(named_pairs(dict(zip(names, before, strict=True)), standard))
    belongs = np.array([standard[own[n]] if n in own else [np.nan] * 3 for n in names])
    off = np.linalg.norm(electrodes.positions - belongs, axis=1)
    return Placed(electrodes, before, off, how, warnings, digitised)


def _digitised(measured: Measured, matrix: np.ndarray, target: Target) -> Digitised:
    """Lay what was measured beside the electrodes on the head."""
    landmarks = {name: apply_affine(matrix, place) for name, place in measured.landmarks.items()}
    shape = np.zeros((0, 3))
    if len(measured.head_shape):
        shape = apply_affine(matrix, measured.head_shape)
    return Digitised(
        landmarks,
        {
            name: float(np.linalg.norm(place - target.fiducials[name]))
            for name, place in landmarks.items()
        },
        shape,
        target.distances(shape) if len(shape) else np.zeros(0),
    )


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
