"""Scenarios: sources at named places in MNI space, put on the dipoles of any head."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

import numpy as np
import yaml

from multisource.anatomy.source_space import SourceGeometry, nearest_dipole
from multisource.errors import UserError


@dataclass(frozen=True)
class Patch:
    """A patch of cortex.

    Attributes
    ----------
    name : str
        Anatomical place.
    mni_mm : tuple of three float
        Centre, MNI152, mm.
    extent_mm : float
        Diameter of the patch, mm.
    """

    name: str
    mni_mm: tuple[float, float, float]
    extent_mm: float


@dataclass(frozen=True)
class Scenario:
    """A set of simultaneously active patches.

    Attributes
    ----------
    key : str
        Name in the file.
    title : str
        Name for readers.
    patches : tuple of Patch
        The patches.
    """

    key: str
    title: str
    patches: tuple[Patch, ...]


def read_scenarios(path: str | Path) -> dict[str, Scenario]:
    """Read scenarios from YAML.

    Parameters
    ----------
    path : str or Path
        File of ``key: {title, patches: [{name, mni_mm, extent_mm}]}``.

    Returns
    -------
    dict of str to Scenario
        Scenarios by key.

    Raises
    ------
    UserError
        Naming the scenario and field that is missing or out of range.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such scenario file")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = " ".join(str(error).split())
        raise UserError(f"{path}: not valid YAML ({line})") from None
    if not isinstance(content, dict) or not content:
        raise UserError(f"{path}: holds no scenario")
    return {
        str(key): _scenario(f"{path}: scenario {key}", str(key), content[key]) for key in content
    }


def _scenario(where: str, key: str, record: object) -> Scenario:
    if not isinstance(record, dict) or not isinstance(record.get("patches"), list):
        raise UserError(f"{where}: needs a title and a list of patches")
    if not record["patches"]:
        raise UserError(f"{where}: patches is empty; name at least one")
    patches = []
    for number, patch in enumerate(record["patches"], start=1):
        if not isinstance(patch, dict):
            raise UserError(f"{where}, patch {number}: give name, mni_mm and extent_mm")
        here = f"{where}, patch {patch.get('name', number)}"
        centre, extent = patch.get("mni_mm"), patch.get("extent_mm")
        if (
            not isinstance(centre, list)
            or len(centre) != 3
            or not all(_is_number(x) and abs(x) <= 150 for x in centre)
        ):
            raise UserError(f"{here}: mni_mm is {centre!r}; give three MNI coordinates in mm")
        if not _is_number(extent) or not 0 < extent <= 200:
            raise UserError(f"{here}: extent_mm is {extent!r}; give a diameter of 0 to 200 mm")
        x, y, z = (float(coordinate) for coordinate in centre)
        patches.append(Patch(str(patch.get("name", number)), (x, y, z), float(extent)))
    return Scenario(key, str(record.get("title", key)), tuple(patches))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)


def place_scenario(
    scenario: Scenario,
    geometry: SourceGeometry,
    to_mni: np.ndarray,
    *,
    max_distance_mm: float = 30.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Put the patches of a scenario on the nearest dipoles of a head.

    Dipoles of the medial wall are passed over, and two patches never share a centre: on a coarse
    source space the later one takes the next nearest dipole.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    geometry : SourceGeometry
        Dipoles of the head.
    to_mni : ndarray of shape (4, 4)
        From surface RAS, mm, to MNI152, mm.
    max_distance_mm : float
        Largest distance from a centre to its dipole, MNI152, mm.

    Returns
    -------
    centres : ndarray of int32, shape (P,)
        Dipole of each patch.
    extents : ndarray of shape (P,)
        Diameter of each patch, mm.
    distances : ndarray of shape (P,)
        From the patch's centre to its dipole, MNI152, mm.

    Raises
    ------
    UserError
        When a centre is farther than ``max_distance_mm`` from any dipole left.
    """
    centres: list[int] = []
    distances: list[float] = []
    for patch in scenario.patches:
        index, distance = nearest_dipole(geometry, to_mni, patch.mni_mm, exclude=centres)
        if distance > max_distance_mm:
            raise UserError(
                f"scenario {scenario.key}, patch {patch.name}: MNI {patch.mni_mm} is "
                f"{distance:.0f} mm from the nearest dipole; check mni_mm"
            )
        centres.append(index)
        distances.append(distance)
    extents = np.array([patch.extent_mm for patch in scenario.patches])
    return np.array(centres, dtype=np.int32), extents, np.array(distances)
