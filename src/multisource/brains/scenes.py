"""What a page of brains shows: maps of several methods at one or more moments, with their truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from multisource.brains.pack import Pack
from multisource.certainty.certainty import Sources
from multisource.certainty.levels import LEVELS
from multisource.evaluation.names import method_label
from multisource.evaluation.sources import SAID

LEVEL = 0.8  # of the drawn radius
STEPS = 255  # of a map, from zero to its largest value
DRAWN = 4  # named sources of a map
PROBABILITY = "P(active), probability"
ARBITRARY = "estimate, in the method's own scale"


@dataclass(frozen=True)
class MethodMaps:
    """What one method says of M moments.

    Attributes
    ----------
    method : str
        Its name in the configuration.
    maps : ndarray of shape (M, N)
        Its maps, nowhere negative.
    probability : bool
        Whether they are P(active): then all moments have one scale.
    said : Sources or None
        The sources it names at each moment.
    """

    method: str
    maps: np.ndarray
    probability: bool = False
    said: Sources | None = None


@dataclass(frozen=True)
class Scene:
    """Something that was localised by several methods.

    Attributes
    ----------
    key : str
        Opens the page with this scene, as the address's part after ``#``.
    name : str
        What it is.
    moments : sequence of str
        Names of its M moments.
    shown : sequence of MethodMaps
        The methods.
    truth : ndarray of shape (N,), optional
        The true coefficients, the same at all moments; None where they are not known.
    centres : sequence of int
        Dipoles at the centres of the true patches.
    first : int
        The moment that is shown first.
    strength : ndarray of shape (M,), optional
        How strong the EEG is at each moment, V.
    """

    key: str
    name: str
    moments: Sequence[str]
    shown: Sequence[MethodMaps]
    truth: np.ndarray | None = None
    centres: Sequence[int] = ()
    first: int = 0
    strength: np.ndarray | None = field(default=None)


def described(scene: Scene, pack: Pack) -> dict[str, object]:
    """Describe a scene for the page.

    Parameters
    ----------
    scene : Scene
        What is described.
    pack : Pack
        Gets the arrays: a byte for each value of a map, which is off by 1/510 of the map's largest
        value at most; the true coefficients as they are.

    Returns
    -------
    dict
        What JSON can hold.
    """
    found: dict[str, object] = {
        "key": scene.key,
        "name": scene.name,
        "moments": list(scene.moments),
        "first": scene.first,
        "shown": [_described_method(one, pack) for one in scene.shown],
    }
    if scene.strength is not None:
        found["strength"] = [round(float(value) * 1e6, 3) for value in scene.strength]
    if scene.truth is not None:
        active = np.flatnonzero(scene.truth)
        found["truth"] = {
            "dipoles": pack.add(active, "u4"),
            "coefficients": pack.add(scene.truth[active], "f4"),
            "centres": [int(centre) for centre in scene.centres if centre >= 0],
        }
    return found


def levels(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round maps to bytes.

    Parameters
    ----------
    maps : ndarray of shape (M, N)
        Maps, nowhere negative.

    Returns
    -------
    level : ndarray of int, shape (M, N)
        0 to 255, the largest value of each map being 255.
    highest : ndarray of shape (M,)
        That value, float32: ``level / 255 * highest`` is the map.

    Raises
    ------
    ValueError
        If a value is negative or not finite.
    """
    if not np.isfinite(maps).all() or maps.min(initial=0) < 0:
        raise ValueError("a map has values that are negative or not finite")
    highest = maps.max(axis=1).astype(np.float32)
    scale = np.where(highest > 0, highest, 1)[:, None]
    return np.round(STEPS * np.clip(maps / scale, 0, 1)).astype(int), highest


def _described_method(one: MethodMaps, pack: Pack) -> dict[str, object]:
    level, highest = levels(one.maps)
    found: dict[str, object] = {
        "label": method_label(one.method),
        "unit": PROBABILITY if one.probability else ARBITRARY,
        "probability": one.probability,
        "levels": pack.add(level, "u1"),
        "highest": [float(value) for value in highest],
    }
    if one.said is not None:
        found["said"] = [_described_sources(one.said, k) for k in range(len(one.maps))]
    return found


def _described_sources(said: Sources, moment: int) -> dict[str, object]:
    presence = float(said.presence[moment])
    sure = (said.centre[moment] >= 0) & (said.probability[moment] >= SAID)
    column = LEVELS.index(LEVEL)
    return {
        "presence": None if np.isnan(presence) else round(presence, 4),
        "sources": [
            {
                "dipole": int(said.centre[moment, k]),
                "probability": round(float(said.probability[moment, k]), 4),
                "radius": round(float(said.radius_mm[moment, k, column]), 2),
            }
            for k in np.flatnonzero(sure)[:DRAWN]
        ],
    }
