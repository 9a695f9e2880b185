"""The curves of a configuration: one setting of the simulation, value by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from multisource.config.found import Found
from multisource.config.operators import OPERATORS, is_own, operators
from multisource.config.solvers import (
    has_measured_noise,
    is_told,
    is_tuned,
    proposing_network,
)
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
# No settings: windows with two sources are taken whose centres are so far apart, windows with one
# that is so deep; all methods are given so many channels, or another reference.
DISTANCE = "distance_mm"
DEPTH = "depth_mm"
CHANNELS = "channels"
REFERENCE = "reference"
AVERAGE = "average"
# The head that makes the windows: its values are names.
OPERATOR = "operator"
SETTINGS = (*RANGES, *NUMBERS, DISTANCE, DEPTH, CHANNELS, REFERENCE, OPERATOR)
_OF_SOURCES = {DISTANCE: 2, DEPTH: 1}


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
    linear = linear_solvers(config)
    best = [name for name in linear if name == "eloreta"] or linear[:1]
    return [*config["network"]["networks"], *best]


def linear_solvers(config: Mapping[str, Any]) -> list[str]:
    """Return the solvers that are a kernel, built once for all windows.

    Parameters
    ----------
    config : mapping
        The configuration.

    Returns
    -------
    list of str
        Their names, in the order of the configuration.
    """
    settings = config["inverse"]["settings"]
    return [name for name in config["inverse"]["solvers"] if is_linear(settings[name]["kind"])]


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
    if setting in (CHANNELS, REFERENCE):
        return simulated(config, curve_split(config, curve))
    if setting in _OF_SOURCES:
        setting, value = "n_patches", _OF_SOURCES[setting]
    change: Any = [value, value] if setting in RANGES and value is not None else value
    for key in reversed(setting.split(".")):
        change = {key: change}
    return merged(simulated(config, curve_split(config, curve)), change)


def point_channels(
    config: Mapping[str, Any], curve: str, point: int, channels: Sequence[str]
) -> list[str] | None:
    """Return the channels that methods are given at a point.

    Parameters
    ----------
    config : mapping
        The configuration.
    curve : str
        Its name.
    point : int
        Number of its value, from 0.
    channels : sequence of str
        Names of the study's channels.

    Returns
    -------
    list of str or None
        Their names; None for all, in a curve of anything else.

    Raises
    ------
    UserError
        As ``channels.spread.spread_channels`` does.
    """
    entry = config["evaluation"]["curves"][curve]
    if entry["setting"] != CHANNELS:
        return None
    # Only studies with such a curve pay for the import.
    from multisource.channels.spread import spread_channels

    montage = config["electrodes"]["montage"]
    return spread_channels(channels, int(entry["values"][point]), str(montage))


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


def check_curve_channels(config: Mapping[str, Any], found: Found, channels: Sequence[str]) -> None:
    """Add to ``found`` what curves ask of the study's channels and is not there.

    Parameters
    ----------
    config : mapping
        The configuration in plain values.
    found : Found
        Gets the mistakes; what it holds already is not read.
    channels : sequence of str
        Names of the study's channels; none if they cannot be read.
    """
    if not channels or not found.sound("evaluation.curves", "electrodes"):
        return
    for name, entry in config["evaluation"]["curves"].items():
        key = f"evaluation.curves.{name}.values"
        for point, value in enumerate(entry["values"]):
            try:
                point_channels(config, name, point, channels)
            except UserError as error:
                found.add(key.split("."), f"{key}: {error}")
            if entry["setting"] == REFERENCE and value not in (AVERAGE, *channels):
                hint = suggest(str(value), [AVERAGE, *channels])
                found.add(key.split("."), f"{key}: {value}; no reference: {hint}")


def _asks_more(config: Mapping[str, Any], solver: str, setting: str) -> bool:
    """Whether a solver needs what a point has not; the choice of a linear one is in its kernel.

    Fewer channels need another kernel.
    """
    settings = config["inverse"]["settings"][solver]
    if is_told(settings):
        return True
    return is_tuned(config, solver) and (setting == CHANNELS or not is_linear(settings["kind"]))


def _mistakes(config: Mapping[str, Any], curve: str) -> Iterator[tuple[str, str]]:
    place = f"evaluation.curves.{curve}"
    split, tests = curve_split(config, curve), ["test", *config["evaluation"]["test_splits"]]
    if split not in tests:
        key = f"{place}.split"
        yield key, f"{key}: methods are compared on no {split!r}: {suggest(split, tests)}"
        return
    yield from _method_mistakes(config, curve, split)
    entry = config["evaluation"]["curves"][curve]
    for point, value in enumerate(entry["values"]):
        key, setting = f"{place}.values", entry["setting"]
        wrong = _value_mistake(config, setting, value)
        if wrong:
            yield key, f"{key}: {'null' if value is None else value}; {wrong}"
            continue
        try:
            settings_from(point_simulation(config, curve, point))
        except UserError as error:
            yield key, f"{key}: {value}: {str(error).splitlines()[0]}"


def _method_mistakes(
    config: Mapping[str, Any], curve: str, split: str
) -> Iterator[tuple[str, str]]:
    setting = config["evaluation"]["curves"][curve]["setting"]
    known = [*config["network"]["networks"], *config["inverse"]["solvers"]]
    seen_through = operators(config, split)
    several = ", ".join(seen_through) if len(seen_through) > 1 else ""
    shown = curve_methods(config, curve)
    for method in shown:
        key = f"evaluation.curves.{curve}.methods"
        if method not in known:
            yield key, f"{key}: {method!r}: {suggest(method, known)}"
        elif method not in config["inverse"]["solvers"]:
            continue
        elif _asks_more(config, method, setting):
            line = f"{key}: {method} has a grid (tune), or is told the number of sources, which"
            yield key, f"{line} curves cannot give: name another, or state its options"
        elif (network := proposing_network(config, method)) not in (None, *shown):
            yield key, f"{key}: {method} is given the maps of {network}: name {network} too"
        elif has_measured_noise(config, method) and setting != OPERATOR and several:
            yield key, f"{key}: {method} is told the noise of one head; {split} has {several}"
        elif is_own(config, method) and setting == OPERATOR:
            yield key, f"{key}: {method} is given each head (operator: own); name another method"
        elif is_own(config, method) and several:
            yield key, f"{key}: {method} takes one operator; {split} is seen through {several}"


def _value_mistake(
    config: Mapping[str, Any], setting: str, value: float | str | None
) -> str | None:
    """Say what is wrong with a value, before the simulation's settings are asked."""
    if setting == OPERATOR:
        known = [*OPERATORS, *config["leadfield"]["variants"]]
        return None if value in known else f"no operator: {suggest(str(value), known)}"
    if setting == REFERENCE:
        return None if isinstance(value, str) else f"{setting} needs names"
    if value is None:
        return None if setting == "noise.snr_db" else f"{setting} needs numbers"
    if isinstance(value, str):
        return f"{setting} needs numbers"
    if setting in _OF_SOURCES and not 0 < value <= 200:
        return f"{setting} is above 0 and at most 200 mm"
    if setting in (*COUNTS, CHANNELS) and value != int(value):
        return f"{setting} needs whole numbers"
    return None
