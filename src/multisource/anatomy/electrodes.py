"""Electrodes on the scalp: from channel names and a montage, or from a BIDS electrodes.tsv."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from multisource.anatomy.landmarks import LANDMARKS
from multisource.errors import UserError, refuse
from multisource.files import atomic

# A table of electrodes is read by every step that simulates, which needs no head: what only
# placing them needs is imported there.
if TYPE_CHECKING:
    from multisource.anatomy.head import Head

# Montages whose coordinates are an adult template's own MRI frame: mapped through MNI space
# rather than by three landmarks.
_TEMPLATE_MONTAGES = ("fsaverage_1005", "fsaverage_1010")


@dataclass(frozen=True)
class Electrodes:
    """Electrodes on the scalp surface.

    Attributes
    ----------
    names : list of str
        E channel names.
    positions : ndarray of shape (E, 3)
        In surface RAS, mm.
    """

    names: list[str]
    positions: np.ndarray

    def __len__(self) -> int:
        return len(self.names)


def check_names(names: list[str], known: list[str], *, source: str) -> None:
    """Refuse channel names that are repeated or unknown.

    Parameters
    ----------
    names : list of str
        Channel names.
    known : list of str
        Names that exist.
    source : str
        What the error names as their origin.

    Raises
    ------
    UserError
        With a line for each such channel, with the closest known name if there is one.
    """
    if not names:
        raise UserError(f"{source}: no channel is named; give at least one")
    twice = sorted({name for name in names if names.count(name) > 1})
    unknown = [name for name in dict.fromkeys(names) if name not in set(known)]
    refuse(
        [
            *(f"{source}: channel {name!r} is named twice; name it once" for name in twice),
            *(
                f"{source}: channel {name!r} is unknown{_did_you_mean(name, known)}"
                for name in unknown
            ),
        ]
    )


def _did_you_mean(name: str, known: list[str]) -> str:
    by_lower = {k.lower(): k for k in known}
    close = get_close_matches(str(name).lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""


def channel_names(channels: str | Path | Sequence[str]) -> list[str]:
    """Return the study's channels.

    Parameters
    ----------
    channels : path or sequence of str
        Names, or a table that ``read_channel_list`` understands.

    Returns
    -------
    list of str
        Channel names.
    """
    return read_channel_list(channels) if isinstance(channels, str | Path) else list(channels)


def read_channel_list(path: str | Path) -> list[str]:
    """Read the channel names in use from a table.

    Parameters
    ----------
    path : path
        Table with columns name and (optional) used (yes or no).

    Returns
    -------
    list of str
        Channel names.

    Raises
    ------
    UserError
        When the file is missing, has no name column, or a value of used is neither.
    """
    rows = _read_tsv(Path(path), ["name"])
    for row in rows:
        if row.get("used", "yes") not in ("yes", "no"):
            raise UserError(f"{path}: used is {row['used']!r} for {row['name']}; use yes or no")
    return [row["name"] for row in rows if row.get("used", "yes") == "yes"]


def montage_names(montage: str | Path) -> list[str]:
    """Return the channels of a montage of MNE's, or of a BIDS electrodes.tsv.

    Parameters
    ----------
    montage : str or path
        Name of the montage, or the table.

    Returns
    -------
    list of str
        Channel names.

    Raises
    ------
    UserError
        For an unknown montage, or a table that cannot be read.
    """
    if Path(montage).suffix == ".tsv":
        return read_electrodes(montage).names
    return list(_montage(str(montage))["ch_pos"])


def montage_electrodes(
    head: Head,
    names: list[str],
    *,
    montage: str = "fsaverage_1005",
    max_distance_mm: float = 15.0,
) -> Electrodes:
    """Project an MNE montage's positions to the nearest point of the scalp.

    The fsaverage montages are mapped to the head by MNI152 coordinates (nothing moves on the
    unscaled fsaverage head); every other montage by a similarity fitted to the three landmarks.

    Parameters
    ----------
    head : Head
        The head whose scalp they stand on.
    names : list of str
        E channel names.
    montage : str
        Name of the montage.
    max_distance_mm : float, default 15
        Farthest that a position may be from the scalp, mm.

    Returns
    -------
    Electrodes
        Names and positions on the scalp.

    Raises
    ------
    UserError
        For an unknown montage or channel, a repeated channel, or a position farther than
        ``max_distance_mm`` from the scalp.
    """
    from nibabel.affines import apply_affine

    points = _montage(montage)
    check_names(names, list(points["ch_pos"]), source=f"montage {montage}")
    positions = np.array([points["ch_pos"][name] for name in names]) * 1000.0
    if montage in _TEMPLATE_MONTAGES:
        from multisource.anatomy.fsaverage import MNI305_TO_MNI152

        positions = apply_affine(np.linalg.inv(head.to_mni) @ MNI305_TO_MNI152, positions)
    else:
        source = np.array([points[name] for name in LANDMARKS]) * 1000.0
        target = np.array([head.fiducials[name] for name in LANDMARKS])
        positions = apply_affine(_similarity(source, target), positions)
    return project(names, positions, head, max_distance_mm=max_distance_mm)


def choose_electrodes(
    head: Head,
    *,
    montage: str | Path,
    channels: str | Path | list[str],
    max_distance_mm: float = 15.0,
) -> Electrodes:
    """Place the study's electrodes on the scalp of a head.

    Parameters
    ----------
    head : Head
        The head whose scalp they stand on.
    montage : str or path
        An MNE montage name, or a BIDS electrodes.tsv (mm, surface RAS).
    channels : path or list of str
        Names, or a table that ``read_channel_list`` understands.
    max_distance_mm : float, default 15
        Farthest that a position may be from the scalp, mm.

    Returns
    -------
    Electrodes
        Names and positions on the scalp.

    Raises
    ------
    UserError
        As ``montage_electrodes``, ``read_electrodes`` and ``project`` do.
    """
    names = channel_names(channels)
    if Path(montage).suffix != ".tsv":
        return montage_electrodes(
            head, names, montage=str(montage), max_distance_mm=max_distance_mm
        )
    measured = read_electrodes(montage)
    check_names(names, measured.names, source=str(montage))
    rows = [measured.names.index(name) for name in names]
    return project(names, measured.positions[rows], head, max_distance_mm=max_distance_mm)


def project(
    names: list[str], positions: np.ndarray, head: Head, *, max_distance_mm: float = 15.0
) -> Electrodes:
    """Move electrodes to the nearest points of the scalp surface.

    Parameters
    ----------
    names : list of str
        E channel names.
    positions : ndarray of shape (E, 3)
        In surface RAS, mm.
    head : Head
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
    from multisource.geometry.closest_points import closest_points

    moved, distance, _ = closest_points(*head.surfaces["outer_skin"], positions)
    worst = int(distance.argmax())
    if distance[worst] > max_distance_mm:
        hint = ""
        size = np.median(np.linalg.norm(positions - positions.mean(axis=0), axis=1))
        if len(names) > 3 and size < 1:
            hint = " (the positions look like metres; multiply by 1000)"
        elif len(names) > 3 and size < 20:
            hint = " (the positions look like centimetres; multiply by 10)"
        raise UserError(
            f"electrode {names[worst]!r} is {distance[worst]:.1f} mm from the scalp, more than "
            f"{max_distance_mm:g} mm; check its position, units and coordinate frame{hint}"
        )
    return Electrodes(list(names), moved)


def read_electrodes(path: str | Path) -> Electrodes:
    """Read a BIDS electrodes.tsv, as it stands.

    Parameters
    ----------
    path : path
        Table with columns name, x, y, z in mm, surface RAS.

    Returns
    -------
    Electrodes
        Rows whose coordinates are all n/a (reference, ECG) are left out.

    Raises
    ------
    UserError
        When the file, a column or a number is missing, or a name comes twice.
    """
    path = Path(path)
    names, positions = [], []
    for row in _read_tsv(path, ["name", "x", "y", "z"]):
        values = [row[axis] for axis in "xyz"]
        if all(value == "n/a" for value in values):
            continue
        try:
            point = [float(value) for value in values]
        except (TypeError, ValueError):
            raise UserError(
                f"{path}: position of {row['name']!r} is {values}; give three numbers in mm"
            ) from None
        if not np.isfinite(point).all():
            raise UserError(f"{path}: position of {row['name']!r} is not finite")
        names.append(row["name"])
        positions.append(point)
    check_names(names, names, source=str(path))
    return Electrodes(names, np.array(positions))


def write_electrodes(path: str | Path, electrodes: Electrodes) -> None:
    """Write a BIDS electrodes.tsv: name, x, y, z in mm, surface RAS.

    Parameters
    ----------
    path : path
        File to write.
    electrodes : Electrodes
        Names and positions.
    """
    with atomic(path) as part, open(part, "w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(["name", "x", "y", "z"])
        for name, point in zip(electrodes.names, electrodes.positions, strict=True):
            writer.writerow([name, *(f"{value:.4f}" for value in point)])


def _read_tsv(path: Path, columns: list[str]) -> list[dict[str, str]]:
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path}: not a table in UTF-8; save it so") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t")
    missing = [name for name in columns if name not in (reader.fieldnames or [])]
    if missing:
        raise UserError(f"{path}: column {missing[0]!r} is missing; separate columns by tabs")
    return list(reader)


@cache
def _montage(name: str) -> dict:
    import mne

    known = mne.channels.get_builtin_montages()
    if name not in known:
        raise UserError(f"montage {name!r} is unknown to MNE{_did_you_mean(name, known)}")
    return mne.channels.make_standard_montage(name).get_positions()


def _similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Rotation, uniform scale and shift (4, 4) that best map points (n, 3) (Umeyama 1991)."""
    a, b = source - source.mean(axis=0), target - target.mean(axis=0)
    u, singular, vt = np.linalg.svd(b.T @ a)
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = np.trace(np.diag(singular) @ sign) / (a**2).sum()
    matrix = np.eye(4)
    matrix[:3, :3] = scale * u @ sign @ vt
    matrix[:3, 3] = target.mean(axis=0) - matrix[:3, :3] @ source.mean(axis=0)
    return matrix
