"""Scenarios: sources at named places in MNI space, put on the dipoles of any head."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from multisource.anatomy.source_space import SourceGeometry, nearest_dipole
from multisource.errors import UserError


@dataclass(frozen=True)
class Patch:
    """name: anatomical place; mni_mm: centre, MNI152 mm; extent_mm: diameter of the patch."""

    name: str
    mni_mm: tuple[float, float, float]
    extent_mm: float


@dataclass(frozen=True)
class Scenario:
    """A set of simultaneously active patches."""

    key: str
    title: str
    patches: tuple[Patch, ...]


def read_scenarios(path: str | Path) -> dict[str, Scenario]:
    """Read scenarios from YAML: key -> {title, patches: [{name, mni_mm, extent_mm}]}.

    Raises UserError naming the scenario and field that is missing or out of range.
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
        patches.append(
            Patch(str(patch.get("name", number)), tuple(float(x) for x in centre), float(extent))
        )
    return Scenario(key, str(record.get("title", key)), tuple(patches))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)


def place_scenario(
    scenario: Scenario,
    geometry: SourceGeometry,
    to_mni: np.ndarray,
    *,
    max_distance_mm: float = 30.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Dipoles (P,) nearest to the patch centres, extents (P,) mm, and distances (P,) mm in MNI.

    Dipoles of the medial wall are passed over, and two patches never share a centre: on a coarse
    source space the later one takes the next nearest dipole.
    Raises UserError when a centre is farther than ``max_distance_mm`` from any dipole left.
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
