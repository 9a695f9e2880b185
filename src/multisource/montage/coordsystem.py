"""The coordinate system of a BIDS electrodes.tsv, as the coordsystem.json beside it states."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from multisource.anatomy.landmarks import landmark
from multisource.channels.names import did_you_mean
from multisource.errors import UserError
from multisource.montage.frames import FRAMES, frame_of

MM = {"mm": 1.0, "cm": 10.0, "dm": 100.0, "m": 1000.0}
_LONG = {"millimet": "mm", "centimet": "cm", "decimet": "dm", "met": "m"}
# How far up a BIDS data set a sidecar may lie: electrodes.tsv is in sub-/ses-/eeg.
_LEVELS = 3


@dataclass(frozen=True)
class CoordinateSystem:
    """What a coordsystem.json states.

    Attributes
    ----------
    path : Path
        The file.
    frame : str
        The coordinate system, as :data:`multisource.montage.frames.FRAMES` calls it.
    unit_mm : float
        Length of the unit of the positions, mm.
    landmarks : dict of str to ndarray of shape (3,)
        "lpa", "nasion", "rpa" in the same system, mm: all three or none.
    """

    path: Path
    frame: str
    unit_mm: float
    landmarks: dict[str, np.ndarray] = field(default_factory=dict)


def find_coordsystem(table: str | Path) -> Path | None:
    """Find the coordsystem.json of a table of electrodes.

    It is called like the table, with ``coordsystem.json`` for its last part; or it has fewer of the
    table's entities (``sub-01``, ``space-CapTrak``), or none, beside it or, in a BIDS data set, in
    a folder above.

    Parameters
    ----------
    table : path
        The table.

    Returns
    -------
    Path or None
        The nearest, with the most entities; None if there is none.

    Raises
    ------
    UserError
        If several fit equally.
    """
    table = Path(table)
    own = table.name.removesuffix(table.suffix)
    if (beside := table.with_name(f"{own}_coordsystem.json")).is_file():
        return beside
    entities = set(own.split("_")) - {"electrodes"}
    folder = table.parent
    for _ in range(1 + _LEVELS):
        fitting = [
            (len(parts), path)
            for path in sorted(folder.glob("*coordsystem.json"))
            if (parts := set(path.stem.split("_")) - {"coordsystem"}) <= entities
            and path.stem.split("_")[-1] == "coordsystem"
        ]
        if fitting:
            most = max(count for count, _ in fitting)
            best = [path for count, path in fitting if count == most]
            if len(best) > 1:
                names = ", ".join(path.name for path in best)
                raise UserError(f"{table}: {names} may all state its coordinates; keep one")
            return best[0]
        # The top of a BIDS data set has its description; beyond it nothing is the table's.
        if (folder / "dataset_description.json").is_file() or not _is_bids(folder):
            return None
        folder = folder.parent
    return None


def _is_bids(folder: Path) -> bool:
    return folder.name in ("eeg", "ieeg", "meg") or folder.name.startswith(("sub-", "ses-"))


def read_coordsystem(path: str | Path) -> CoordinateSystem:
    """Read a coordsystem.json.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    CoordinateSystem
        What it states.

    Raises
    ------
    UserError
        If it is no JSON, or system or unit are missing or unknown; it names them.
    """
    path = Path(path)
    try:
        stated = json.loads(path.read_bytes().decode("utf-8-sig"))
    except ValueError as error:
        raise UserError(f"{path}: not JSON ({' '.join(str(error).split())}); correct it") from None
    if not isinstance(stated, dict):
        raise UserError(f"{path}: not a JSON object; write EEGCoordinateSystem and -Units into it")
    name = stated.get("EEGCoordinateSystem")
    if not isinstance(name, str) or not name.strip():
        raise UserError(f"{path}: EEGCoordinateSystem is missing; give one of {', '.join(FRAMES)}")
    unit = _unit(path, stated, "EEGCoordinateUnits")
    landmarks = _landmarks(path, stated, name, unit)
    frame = frame_of(name)
    if frame is None and not landmarks:
        raise UserError(
            f"{path}: EEGCoordinateSystem {name!r} cannot be converted"
            f"{did_you_mean(name, list(FRAMES))}; give one of {', '.join(FRAMES)}, or "
            "AnatomicalLandmarkCoordinates (NAS, LPA, RPA) in the same system"
        )
    return CoordinateSystem(path, frame or "landmarks", unit, landmarks)


def _unit(path: Path, stated: dict[str, Any], key: str) -> float:
    given = stated.get(key)
    word = str(given).strip().lower()
    word = next((short for long, short in _LONG.items() if word.startswith(long)), word)
    if word not in MM:
        what = "is missing" if given is None else f"is {given!r}"
        raise UserError(f"{path}: {key} {what}; give one of {', '.join(MM)}")
    return MM[word]


def _landmarks(
    path: Path, stated: dict[str, Any], system: str, unit: float
) -> dict[str, np.ndarray]:
    """The three landmarks, if the file has them in the system of the electrodes; else none."""
    for kind in ("AnatomicalLandmark", "Fiducials"):
        given = stated.get(f"{kind}Coordinates")
        other = stated.get(f"{kind}CoordinateSystem") or system
        if not isinstance(given, dict) or str(other).lower() != system.lower():
            continue
        own = (
            _unit(path, stated, f"{kind}CoordinateUnits")
            if (stated.get(f"{kind}CoordinateUnits"))
            else unit
        )
        found = {}
        for name, value in given.items():
            key = landmark(str(name))
            if key is None:
                continue
            try:
                point = np.array(value, dtype=float) * own
            except (TypeError, ValueError):
                continue
            if point.shape == (3,) and np.isfinite(point).all():
                found[key] = point
        if len(found) == 3:
            return found
    return {}
