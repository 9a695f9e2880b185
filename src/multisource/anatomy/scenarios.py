"""Scenarios: sources at named places in MNI space, put on the dipoles of any head."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from multisource.anatomy.source_space import SourceGeometry, nearest_dipole
from multisource.errors import UserError
from multisource.records import check_fields, checked_number, checked_numbers, checked_text
from multisource.yaml_files import read_mapping

MOST_PATCHES = 100


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
    content = read_mapping(path, "scenario")
    return {key: _scenario(f"{path}: scenario {key}", key, content[key]) for key in content}


def _scenario(where: str, key: str, record: object) -> Scenario:
    fields = check_fields(where, record, needed=["patches"], allowed=["title"])
    entries = fields["patches"]
    if not isinstance(entries, list) or not entries:
        raise UserError(f"{where}, patches: {entries!r:.60}; give a list of one patch at least")
    if len(entries) > MOST_PATCHES:
        raise UserError(f"{where}, patches: {len(entries)} of them; give {MOST_PATCHES} at most")
    title = checked_text(f"{where}, title", fields.get("title", key))
    return Scenario(key, title, tuple(_patch(where, n, p) for n, p in enumerate(entries, 1)))


def _patch(where: str, number: int, record: object) -> Patch:
    needed, allowed = ["mni_mm", "extent_mm"], ["name", "why"]
    fields = check_fields(f"{where}, patch {number}", record, needed=needed, allowed=allowed)
    name = checked_text(f"{where}, patch {number}, name", fields.get("name", f"patch {number}"))
    here = f"{where}, patch {name}"
    centre = checked_numbers(f"{here}, mni_mm", fields["mni_mm"], -150, 150, count=3)
    extent = checked_number(f"{here}, extent_mm", fields["extent_mm"], 0, 200, above=True)
    return Patch(name, (centre[0], centre[1], centre[2]), extent)


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
