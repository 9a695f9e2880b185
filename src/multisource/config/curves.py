"""The curves of a configuration: one setting of the simulation, value by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from multisource.config.found import Found
from multisource.config.operators import is_own, operators
from multisource.config.solvers import has_measured_noise, is_told, is_tuned
from multisource.config.study import merged, simulated
from multisource.config.suggest import suggest
from multisource.errors import UserError
from multisource.inverse.registry import is_linear
from multisource.simulation.settings import settings_from

# Settings that hold a range, which is one value at a point, and settings that are a number.
RANGES = (
    "noise.snr_db",
    "n_patches",
    "extent_mm",
    "amplitude_ratio",
    "electrode_error_mm",
    "bad_channels.count",
)
COUNTS = ("n_patches", "bad_channels.count")
NUMBERS = ("boost", "patch_correlation", "artefacts.blink", "artefacts.muscle")
# No setting: windows with two sources are taken whose centres are so far apart.
DISTANCE = "distance_mm"
SETTINGS = (*RANGES, *NUMBERS, DISTANCE)


def curve_split(config: Mapping[str, Any], curve: str) -> str:
    """Return the split that a curve takes all other settings from.

    Parameters
    ----------
    config : mapping
        The configuration.
    curve : str
        Its name in ``evaluation.curves``.

    Returns
    -------
    str
        ``test``, unless the curve names another.
    """
    return str(config["evaluation"]["curves"][curve].get("split", "test"))


def curve_methods(config: Mapping[str, Any], curve: str) -> list[str]:
    """Return the methods that a curve shows.

    Parameters
    ----------
    config : mapping
        The configuration.
    curve : str
        Its name.

    Returns
    -------
    list of str
        Those that it names; by default the networks and eLORETA, or the first linear solver.
    """
    named = config["evaluation"]["curves"][curve].get("methods")
    if named is not None:
        return list(named)
    settings = config["inverse"]["settings"]
    linear = [name for name in config["inverse"]["solvers"] if is_linear(settings[name]["kind"])]
    best = [name for name in linear if name == "eloreta"] or linear[:1]
    return [*config["network"]["networks"], *best]


def point_simulation(config: Mapping[str, Any], curve: str, point: int) -> dict[str, Any]:
    """Return the settings that make the windows of a point.

    Parameters
    ----------
    config : mapping
        The configuration.
    curve : str
        Its name.
    point : int
        Number of its value, from 0.

    Returns
    -------
    dict
        As ``simulation.settings`` reads it.
    """
    entry = config["evaluation"]["curves"][curve]
    value, setting = entry["values"][point], entry["setting"]
    if setting == DISTANCE:
        setting, value = "n_patches", 2
    change: Any = [value, value] if setting in RANGES and value is not None else value
    for key in reversed(setting.split(".")):
        change = {key: change}
    return merged(simulated(config, curve_split(config, curve)), change)


def check_curves(config: Mapping[str, Any], found: Found) -> None:
    """Add to ``found`` what is wrong with the curves.

    Parameters
    ----------
    config : mapping
        The configuration in plain values.
    found : Found
        Gets the mistakes; what it holds already is not read.
    """
    if not found.sound("evaluation", "simulation", "network", "inverse", "leadfield.variants"):
        return
    for name in config["evaluation"]["curves"]:
        for key, line in list(_mistakes(config, name)):
            found.add(key.split("."), line)


def _asks_more(config: Mapping[str, Any], solver: str) -> bool:
    """Whether a solver needs what a point has not; the choice of a linear one is in its kernel."""
    settings = config["inverse"]["settings"][solver]
    if is_told(settings) or has_measured_noise(config, solver):
        return True
    return is_tuned(config, solver) and not is_linear(settings["kind"])


def _mistakes(config: Mapping[str, Any], curve: str) -> Iterator[tuple[str, str]]:
    place = f"evaluation.curves.{curve}"
    split, tests = curve_split(config, curve), ["test", *config["evaluation"]["test_splits"]]
    if split not in tests:
        key = f"{place}.split"
        yield key, f"{key}: methods are compared on no {split!r}: {suggest(split, tests)}"
        return
    known = [*config["network"]["networks"], *config["inverse"]["solvers"]]
    seen_through = operators(config, split)
    for method in curve_methods(config, curve):
        key = f"{place}.methods"
        if method not in known:
            yield key, f"{key}: {method!r}: {suggest(method, known)}"
        elif method in config["inverse"]["solvers"] and _asks_more(config, method):
            line = f"{key}: {method} has a grid (tune), or is told the sources or the noise, which"
            yield key, f"{line} curves cannot give: name another, or state its options"
        elif method in config["inverse"]["solvers"] and is_own(config, method):
            if len(seen_through) > 1:
                several = ", ".join(seen_through)
                yield key, f"{key}: {method} takes one operator; {split} is seen through {several}"
    entry = config["evaluation"]["curves"][curve]
    for point, value in enumerate(entry["values"]):
        key, setting = f"{place}.values", entry["setting"]
        if setting == DISTANCE and (value is None or not 0 < value <= 200):
            yield key, f"{key}: {value}; a distance is above 0 and at most 200 mm"
            continue
        if value is None and setting != "noise.snr_db":
            yield key, f"{key}: null; {setting} needs numbers"
            continue
        if setting in COUNTS and value != int(value):
            yield key, f"{key}: {value}; {setting} needs whole numbers"
            continue
        try:
            settings_from(point_simulation(config, curve, point))
        except UserError as error:
            yield key, f"{key}: {value}: {str(error).splitlines()[0]}"
