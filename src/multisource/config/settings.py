"""The settings of every stage, checked by the very functions that the jobs call.

Here is no rule of its own: each stage says what its options may be, and this module says under
which key they stand.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any

from multisource.anatomy import options as anatomy
from multisource.anatomy.inputs import head_options
from multisource.anatomy.providers import PREPARATIONS, PROVIDERS
from multisource.config.found import Found
from multisource.config.operators import settings_told
from multisource.config.study import SPLITS_OF_NETWORKS, learning_curve, simulated, split_of
from multisource.config.suggest import suggest
from multisource.errors import UserError
from multisource.inverse import opponent_options as opponents
from multisource.inverse import options as inverse
from multisource.inverse import registry as solvers
from multisource.network import options as network
from multisource.network import registry as networks
from multisource.recordings.settings import settings_mistakes
from multisource.registry import REQUIRED, signature
from multisource.simulation.settings import Settings, settings_from

MOST_COMBINATIONS = 100  # of values that are tried of a solver's options
_SOLVER_CHECKS = inverse.CHECKS | opponents.CHECKS
_SIMULATED = [f"simulation.{field.name}" for field in fields(Settings)]


def check_settings(config: Mapping[str, Any], found: Found) -> None:
    """Add to ``found`` what the stages of the study would refuse.

    Parameters
    ----------
    config : mapping
        The configuration in plain values.
    found : Found
        Gets the mistakes; what it holds already is not read.
    """
    for mistakes in (_anatomy, _simulation, _solvers, _networks, _recordings, _groups):
        for key, line in list(mistakes(config, found)):
            found.add(key.split("."), line)


def simulation_settings(
    config: Mapping[str, Any], found: Found, split: str | None = None
) -> Settings | None:
    """Return the settings of the simulation.

    Parameters
    ----------
    config : mapping
        The configuration in plain values.
    found : Found
        The mistakes known so far.
    split : str, optional
        A split or ``scenarios``, as for ``study.simulated``.

    Returns
    -------
    Settings or None
        None if the settings are not in order.
    """
    if not found.sound(*_SIMULATED, *([] if split is None else [place_of(split)])):
        return None
    try:
        return settings_from(simulated(config, split))
    except UserError:
        return None


def place_of(split: str) -> str:
    """Return where in the configuration a split stands.

    Parameters
    ----------
    split : str
        A split, or ``scenarios`` for the named scenarios.

    Returns
    -------
    str
        The dotted key.
    """
    return "simulation.scenarios" if split == "scenarios" else f"simulation.splits.{split}"


def splits_of(config: Mapping[str, Any], found: Found) -> list[str]:
    """Return what has settings of its own, as far as it is in order.

    Parameters
    ----------
    config : mapping
        The configuration in plain values.
    found : Found
        The mistakes known so far.

    Returns
    -------
    list of str
        The splits, and ``scenarios`` for the named scenarios.
    """
    simulation = config.get("simulation")
    splits = simulation.get("splits") if isinstance(simulation, dict) else None
    names = [*splits, "scenarios"] if isinstance(splits, dict) else ["scenarios"]
    return [name for name in names if found.sound(place_of(name))]


def training_options() -> dict[str, Any]:
    """Return the options of the training of a network.

    Returns
    -------
    dict
        Option -> default.
    """
    return asdict(network.TrainingOptions())


Mistakes = Iterator[tuple[str, str]]  # dotted key, line


def _below(place: str, lines: Iterable[str]) -> Mistakes:
    """Put the place in front of lines that begin with an option's name."""
    for line in lines:
        yield f"{place}.{line.partition(':')[0]}", f"{place}.{line}"


def _anatomy(config: Mapping[str, Any], found: Found) -> Mistakes:
    for provider in PROVIDERS:
        place = f"anatomy.{provider}"
        if not found.sound(place):
            continue
        settings = config["anatomy"].get(provider, {})
        yield from _unknown(place, settings, head_options(provider))
        if provider in anatomy.CHECKS:
            prepared = PREPARATIONS.options(provider) if provider in PREPARATIONS else {}
            elsewhere = (*prepared, *signature(PROVIDERS[provider]).files)
            options = {k: v for k, v in settings.items() if k not in elsewhere}
            yield from _below(place, anatomy.CHECKS[provider](**options))


def _simulation(config: Mapping[str, Any], found: Found) -> Mistakes:
    if not found.sound(*_SIMULATED):
        return
    wrong = False
    try:
        settings = settings_from(simulated(config))
        if found.sound("simulation.scenarios.duration_s"):
            settings.windows_in(config["simulation"]["scenarios"]["duration_s"])
    except UserError as error:
        for line in str(error).splitlines():
            wrong = True
            yield line.partition(":")[0], line
    # What is wrong with the section is said once, and not for every split that takes it over.
    for split in [] if wrong else splits_of(config, found):
        yield from _split_mistakes(config, split)


def _split_mistakes(config: Mapping[str, Any], split: str) -> Mistakes:
    try:
        settings = settings_from(simulated(config, split))
        if split in ("test", "validation") and settings.n_patches[1] == 0:
            key = f"{place_of(split)}.n_patches"
            why = "are compared" if split == "test" else "get their thresholds"
            line = f"{key}: [0, 0]; methods {why} on sources: give 1 at least as the most"
            yield key, line
    except UserError as error:
        for line in str(error).splitlines():
            line = f"{place_of(split)}.{line.removeprefix('simulation.')}"
            yield line.partition(":")[0], line


def _solvers(config: Mapping[str, Any], found: Found) -> Mistakes:
    if found.sound("inverse.snr"):
        yield from _below("inverse", inverse.snr_mistakes(config["inverse"]["snr"]))
    for place, settings in _entries(config, found, "inverse"):
        yield from solver_mistakes(place, settings)


def solver_mistakes(place: str, settings: Mapping[str, Any]) -> Mistakes:
    """Find what is wrong with the settings of a solver.

    Parameters
    ----------
    place : str
        The dotted key of the settings.
    settings : mapping
        Its kind and options.

    Yields
    ------
    tuple of str
        Dotted key and line of each mistake.
    """
    kind = settings["kind"]
    if kind not in solvers.SOLVERS:
        yield f"{place}.kind", f"{place}.kind: {kind!r}: {suggest(kind, solvers.SOLVERS)}"
        return
    options, own = solvers.options(kind), solvers.SOLVERS.options(kind)
    # Which operator a solver is given is the workflow's affair: names are checked elsewhere.
    unknown = list(_unknown(place, settings, ["kind", "operator", "tune", *options]))
    settings = settings_told(settings, options)
    yield from unknown
    # A value that is tried need not be given.
    tried = settings.get("tune", {})
    yield from _missing(place, {**tried, **settings}, options)
    chosen = {k: v for k, v in {**options, **settings}.items() if k in own}
    if settings.get("snr") is not None:
        yield from _below(place, inverse.snr_mistakes(settings["snr"]))
    if not unknown and REQUIRED not in chosen.values() and kind in _SOLVER_CHECKS:
        yield from _below(place, _SOLVER_CHECKS[kind](kind=kind, **chosen))
    for i, one in enumerate(settings.get("of", ())):
        yield from solver_mistakes(f"{place}.of[{i}]", one)
        if one.get("noise") == solvers.MEASURED:
            line = f"{place}.of[{i}].noise: {solvers.MEASURED}; state it for the whole, not for one"
            yield f"{place}.of", line
        if one.get("proposal") is not None:
            yield (
                f"{place}.of",
                f"{place}.of[{i}].proposal: an average gives no maps to its solvers",
            )
    if not unknown and tried:
        yield from _tried_mistakes(place, settings, tried)


def _tried_mistakes(
    place: str, settings: Mapping[str, Any], tried: Mapping[str, list[Any]]
) -> Mistakes:
    """Yield what is wrong with the values that are tried: the first mistake of any combination."""
    without = {key: value for key, value in settings.items() if key != "tune"}
    if solvers.MEASURED in tried.get("noise", ()):
        line = f"{place}.tune.noise: {solvers.MEASURED}; it cannot be tried, only stated as noise"
        yield f"{place}.tune", line
        return
    if {"kind", "windows", "proposal"} & set(tried):
        line = f"{place}.tune: kind, windows and proposal are no options of a solver; try others"
        yield f"{place}.tune", line
        return
    count = math.prod(map(len, tried.values()))
    if count > MOST_COMBINATIONS:
        line = f"{place}.tune: {count} combinations; at most {MOST_COMBINATIONS} are tried"
        yield f"{place}.tune", line
        return
    for values in itertools.product(*tried.values()):
        options = dict(zip(tried, values, strict=True))
        try:
            wrong = [line for _, line in solver_mistakes(place, without | options)]
        except TypeError:
            wrong = [f"{place}: {options}: a value is of another kind than the option"]
        if wrong:
            yield f"{place}.tune", wrong[0].replace(place, f"{place}.tune", 1)
            return


def _networks(config: Mapping[str, Any], found: Found) -> Mistakes:
    simulation = simulation_settings(config, found)
    for place, settings in _entries(config, found, "network"):
        name = settings["architecture"]
        if name not in networks.NETWORKS:
            hint = suggest(name, networks.NETWORKS)
            yield f"{place}.architecture", f"{place}.architecture: {name!r}: {hint}"
            continue
        own, training = networks.options(name), training_options()
        known = ["architecture", *SPLITS_OF_NETWORKS, *own, *training]
        unknown = list(_unknown(place, settings, known))
        yield from unknown
        yield from _missing(place, settings, own)
        chosen = {k: v for k, v in (own | settings).items() if k in own}
        if REQUIRED not in chosen.values() and name in network.CHECKS:
            # A recipe that nothing uses need not fit the windows. Where their length is not known,
            # it is long enough.
            used = _is_used(config, found, place)
            n_times = simulation.n_times if simulation and used else sys.maxsize
            yield from _below(place, network.CHECKS[name](n_times=n_times, **chosen))
        try:
            recipe = network.TrainingOptions(**{k: v for k, v in settings.items() if k in training})
        except UserError as error:
            yield from _below(place, str(error).splitlines())
            continue
        yield from _source_mistakes(config, found, place)
        if found.sound("simulation.splits", "network.learning_curve") and (
            settings.get("train", "train") in config["simulation"]["splits"]
        ):
            yield from _below(place, _sample_mistakes(config, place, recipe))


def _is_used(config: Mapping[str, Any], found: Found, place: str) -> bool:
    """Say whether a network's settings are those of one that is trained."""
    name = place.removeprefix("network.settings.")
    return not found.sound("network.networks") or name in config["network"]["networks"]


def _source_mistakes(config: Mapping[str, Any], found: Found, place: str) -> Mistakes:
    """Yield where a network would learn from samples without any source."""
    name = place.removeprefix("network.settings.")
    for purpose in SPLITS_OF_NETWORKS:
        split = split_of(config, name, purpose)
        if split not in splits_of(config, found):
            continue
        settings = simulation_settings(config, found, split)
        if settings is not None and settings.n_patches[1] == 0:
            key = f"{place}.{purpose}"
            yield key, f"{key}: the split {split!r} has no sources; name one that has (n_patches)"


def _sample_mistakes(
    config: Mapping[str, Any], place: str, recipe: network.TrainingOptions
) -> Iterator[str]:
    """Yield what is wrong with the numbers of samples that a network is trained on."""
    name = place.removeprefix("network.settings.")
    counts = [config["simulation"]["splits"][split_of(config, name, "train")]["samples"]]
    if name == config["network"]["learning_curve"]["network"]:
        counts += learning_curve(config).values()
    for count in counts:
        wrong = list(
            network.sample_mistakes(count, batch_size=recipe.batch_size, fresh=recipe.fresh)
        )
        if wrong:
            yield from wrong
            return


def _recordings(config: Mapping[str, Any], found: Found) -> Mistakes:
    if not found.sound("simulation.sfreq", "simulation.window_s", "recordings"):
        return
    simulation = config["simulation"]
    for name, entry in config["recordings"].items():
        for line in settings_mistakes(
            name, entry, sfreq=simulation["sfreq"], window_s=simulation["window_s"]
        ):
            yield line.partition(":")[0], line


def _groups(config: Mapping[str, Any], found: Found) -> Mistakes:
    for name, group in config["groups"].items() if found.sound("groups") else ():
        span, key = group.get("moment_s"), f"groups.{name}.moment_s"
        if isinstance(span, list) and span[0] >= span[1]:
            yield key, f"{key}: {span}: the second must be the larger"


def _entries(
    config: Mapping[str, Any], found: Found, group: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (dotted key, settings) of the solvers or networks whose values are in order."""
    if not isinstance(config.get(group), dict) or not isinstance(
        config[group].get("settings"), dict
    ):
        return
    for name, settings in config[group]["settings"].items():
        place = f"{group}.settings.{name}"
        if found.sound(place):
            yield place, settings


def _unknown(place: str, settings: Mapping[str, Any], allowed: list[str]) -> Mistakes:
    for option in settings:
        if option not in allowed:
            key = f"{place}.{option}"
            yield key, f"unknown key {key!r}: {suggest(option, allowed)}"


def _missing(place: str, settings: Mapping[str, Any], options: Mapping[str, Any]) -> Mistakes:
    for option, default in options.items():
        if default is REQUIRED and option not in settings:
            yield f"{place}.{option}", f"{place}: missing key {option!r}"
