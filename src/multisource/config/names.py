"""Names in the configuration: each must refer to something, and to one thing only."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from multisource.config.found import Found
from multisource.config.head import head_mistakes
from multisource.config.operators import (
    BESIDE_IT,
    OF_ANOTHER_HEAD,
    OF_VARIANTS,
    OPERATORS,
    is_borrowed,
    is_own,
    operator_settings,
    operators,
    scenario_operators,
    variant_method,
)
from multisource.config.settings import place_of, splits_of
from multisource.config.solvers import has_measured_noise, is_tuned, proposing_network
from multisource.config.study import (
    BASELINES,
    SPLITS_OF_NETWORKS,
    methods,
    scored,
    stated,
)
from multisource.config.suggest import suggest
from multisource.evaluation.names import PAPER_TABLES
from multisource.fem.source_models import SOURCE_MODELS
from multisource.inverse.registry import MEASURED

# Names of the files beside a method's in results/<head>/recordings/<recording>/.
_FILES_OF_RECORDINGS = ("windows", "ordinary")
# Words that stand beside names of scenarios in a setting (windows of a solver, operator).
_WORDS = ("others", "scenarios", "recordings")


def check_names(config: Mapping[str, Any], found: Found) -> None:
    """Add to ``found`` the names that stand for nothing, or for two things.

    Parameters
    ----------
    config : mapping
        The configuration in plain values.
    found : Found
        Gets the mistakes; what it holds already is not read.
    """
    for mistakes in (
        head_mistakes,
        _listed,
        _own_names,
        _curve,
        _reference,
        _scenarios,
        _test_splits,
        _splits_of_networks,
        _variants,
        _true_places,
        _operators,
        _operators_of_solvers,
        _own_operators,
        _proposals,
        _windows,
        _against,
    ):
        for key, line in list(mistakes(config, found)):
            found.add(key.split("."), line)


Mistakes = Iterator[tuple[str, str]]  # dotted key, line


def _listed(config: Mapping[str, Any], found: Found) -> Mistakes:
    for group, names in (("inverse", "solvers"), ("network", "networks")):
        key = f"{group}.{names}"
        if not found.sound(key) or not isinstance(config[group].get("settings"), dict):
            continue
        settings = config[group]["settings"]
        for name in config[group][names]:
            if name not in settings:
                known = suggest(name, settings)
                yield f"{key}.{name}", f"{key}: {name!r} has no entry in {group}.settings: {known}"


def _own_names(config: Mapping[str, Any], found: Found) -> Mistakes:
    taken = {name: "a baseline (evaluation.baselines)" for name in BASELINES}
    taken |= {name: "a file of every recording" for name in _FILES_OF_RECORDINGS}
    for group, names in (("network", "networks"), ("inverse", "solvers")):
        key = f"{group}.{names}"
        if not found.sound(key):
            continue
        for name in config[group][names]:
            if name in taken:
                line = f"{key}: {name!r} is the name of {taken[name]} too; choose another"
                yield f"{key}.{name}", line
        what = "a network (network.networks)" if group == "network" else "a solver"
        taken |= {name: what for name in config[group][names]}
    key = "evaluation.submissions"
    for name in config["evaluation"]["submissions"] if found.sound(key) else ():
        if name in taken:
            line = f"{key}: {name!r} is the name of {taken[name]} too; choose another"
            yield f"{key}.{name}", line


def _curve(config: Mapping[str, Any], found: Found) -> Mistakes:
    if not found.sound("network.learning_curve", "network.networks"):
        return
    curve, networks = config["network"]["learning_curve"], config["network"]["networks"]
    if curve["samples"] and curve["network"] not in networks:
        key = "network.learning_curve.network"
        known = suggest(curve["network"], networks)
        yield key, f"{key}: {curve['network']!r} is not among network.networks: {known}"


def _reference(config: Mapping[str, Any], found: Found) -> Mistakes:
    if not found.sound("evaluation", "network.networks", "inverse.solvers"):
        return
    everything = methods(config)
    named = config["evaluation"]["reference"]
    if named is not None and named not in everything:
        key = "evaluation.reference"
        yield key, f"{key}: {named!r}: {suggest(named, everything)}"


def _scenarios(config: Mapping[str, Any], found: Found) -> Mistakes:
    key = "simulation.scenarios.names"
    if not found.sound(key, "simulation.splits"):
        return
    for name in config["simulation"]["scenarios"]["names"]:
        if name in config["simulation"]["splits"]:
            yield key, f"{key}: {name!r} is the name of a split (simulation.splits) too"
    for name in _WORDS:
        if name in config["simulation"]["splits"]:
            place = f"simulation.splits.{name}"
            yield place, f"{place}: {name!r} is a word of the configuration; call it otherwise"
        if name in config["simulation"]["scenarios"]["names"]:
            yield key, f"{key}: {name!r} is a word of the configuration; call it otherwise"


def _test_splits(config: Mapping[str, Any], found: Found) -> Mistakes:
    key = "evaluation.test_splits"
    if not found.sound(key, "simulation.splits"):
        return
    splits = config["simulation"]["splits"]
    for name in config["evaluation"]["test_splits"]:
        place = f"{key}.{name}"
        if name == "test":
            yield place, f"{key}: 'test' is always evaluated; name further splits"
        elif name not in splits:
            known = [split for split in splits if split != "test"]
            yield (
                place,
                f"{key}: {name!r} has no entry in simulation.splits: {suggest(name, known)}",
            )
        elif name in PAPER_TABLES or name in PAPER_TABLES.values():
            line = f"{key}: {name!r} is a name of the paper's tables and scenarios"
            yield place, f"{line}; call the split otherwise"


def _splits_of_networks(config: Mapping[str, Any], found: Found) -> Mistakes:
    if not found.sound("simulation.splits") or not found.sound("network.networks"):
        return
    splits, networks = config["simulation"]["splits"], config["network"].get("settings")
    for name, settings in networks.items() if isinstance(networks, dict) else ():
        for purpose in SPLITS_OF_NETWORKS if found.sound(f"network.settings.{name}") else ():
            key, split = f"network.settings.{name}.{purpose}", settings.get(purpose)
            if split is not None and split not in splits:
                line = f"{key}: {split!r} has no entry in simulation.splits"
                yield key, f"{line}: {suggest(split, splits)}"


def _variants(config: Mapping[str, Any], found: Found) -> Mistakes:
    if not found.sound("leadfield.variants"):
        return
    leadfield = config["leadfield"]
    for name, variant in leadfield["variants"].items():
        place = f"leadfield.variants.{name}"
        if name in (*OPERATORS, "own"):
            what = "a word of the configuration"
            what = "the name of an operator that every study has" if name in OPERATORS else what
            yield place, f"{place}: {name!r} is {what}; call the variant otherwise"
            continue
        if is_borrowed(config, name):
            for key in [k for k in variant if k not in (OF_ANOTHER_HEAD, *BESIDE_IT)]:
                line = f"{place}.{key}: the leadfield of another head is taken as it is: take"
                yield f"{place}.{key}", f"{line} {key} out, or {OF_ANOTHER_HEAD}"
            continue
        method = variant_method(config, name)
        if not found.sound(f"leadfield.{method}"):
            continue
        allowed = [key for key in leadfield[method] if key not in ("backend", "tolerance")]
        for key in variant:
            if key not in (*OF_VARIANTS, *allowed):
                line = f"{place}.{key}: no setting of method {method}"
                yield f"{place}.{key}", f"{line}: {suggest(key, allowed)}"
        layers = leadfield[method]["conductivity"]
        for layer in variant.get("conductivity", {}):
            if layer not in layers:
                key = f"{place}.conductivity.{layer}"
                yield key, f"{key}: no layer of method {method}: {suggest(layer, layers)}"


def _true_places(config: Mapping[str, Any], found: Found) -> Mistakes:
    if not found.sound("leadfield"):
        return
    variants = config["leadfield"]["variants"]
    places = {"leadfield.fem": "fem"} | {f"leadfield.variants.{name}": name for name in variants}
    for place, operator in places.items():
        if operator in variants and variant_method(config, operator) != "fem":
            continue
        settings = operator_settings(config, operator)
        model = settings["source_model"]
        if not settings["true_places"]:
            continue
        key = f"{place}.true_places"
        if settings["backend"] == "duneuro":
            yield key, f"{key}: not with backend duneuro, whose sources act from where they lie"
        elif "targets" not in SOURCE_MODELS.offered(model):
            yield key, f"{key}: source model {model} acts from where it lies; use a Venant model"


def _operators_of_solvers(config: Mapping[str, Any], found: Found) -> Mistakes:
    if not found.sound("leadfield.variants", "inverse.settings"):
        return
    known = [*OPERATORS, "own", *config["leadfield"]["variants"]]
    for name, settings in config["inverse"]["settings"].items():
        operator = settings.get("operator", "bem")
        if operator not in known:
            key = f"inverse.settings.{name}.operator"
            yield key, f"{key}: {operator!r}: {suggest(operator, known)}"


def _own_operators(config: Mapping[str, Any], found: Found) -> Mistakes:
    if not found.sound("simulation", "inverse", "evaluation", "leadfield.variants"):
        return
    for solver in config["inverse"]["solvers"]:
        place = f"inverse.settings.{solver}"
        asking = {}
        if is_own(config, solver):
            asking[f"{place}.operator"] = "own"
        if has_measured_noise(config, solver):
            asking[f"{place}.noise"] = MEASURED
        for (key, value), scenario in itertools.product(asking.items(), scored(config)):
            several = scenario_operators(config, scenario)
            if len(several) > 1:
                line = f"{key}: {value}; {scenario} is seen through {', '.join(several)}, not one"
                way_out = f"choose another value, or take {solver} out of inverse.solvers"
                yield key, f"{line}; {way_out}"


def _proposals(config: Mapping[str, Any], found: Found) -> Mistakes:
    if not found.sound("inverse", "network.networks"):
        return
    networks = config["network"]["networks"]
    for solver in config["inverse"]["solvers"]:
        name, key = proposing_network(config, solver), f"inverse.settings.{solver}.proposal"
        if name is None:
            continue
        if name not in networks:
            yield (
                key,
                f"{key}: {name!r} is no network of network.networks: {suggest(name, networks)}",
            )
        elif is_tuned(config, solver):
            yield key, f"{key}: {name}; a solver with a grid (tune) is given no maps: leave one out"


def _windows(config: Mapping[str, Any], found: Found) -> Mistakes:
    if not found.sound("simulation", "inverse", "evaluation"):
        return
    known = [*scored(config), "others", "recordings"]
    for solver in config["inverse"]["solvers"]:
        windows = config["inverse"]["settings"][solver].get("windows")
        for name in windows if isinstance(windows, Mapping) else ():
            if name not in known:
                key = f"inverse.settings.{solver}.windows.{name}"
                yield key, f"{key}: methods are compared on no {name!r}: {suggest(name, known)}"


def _against(config: Mapping[str, Any], found: Found) -> Mistakes:
    if not found.sound("recordings"):
        return
    recordings = config["recordings"]
    for name, entry in recordings.items():
        other = entry.get("against")
        if other is None:
            continue
        key = f"recordings.{name}.against"
        known = [one for one in recordings if one != name]
        if other not in known and any(other.startswith(f"{one}_") for one in _data_sets(config)):
            continue  # looked for among the recordings of the data set, where there is one
        if other not in known:
            yield key, f"{key}: {other!r} is no other recording: {suggest(other, known)}"
            continue
        if set(entry.get("leave_out") or ()) != set(recordings[other].get("leave_out") or ()):
            yield key, f"{key}: recordings.{other} has another leave_out: write the same in both"
        # What a file holds, epochs for instance, is not known here.
        single = [one for one in (name, other) if not recordings[one].get("average", True)]
        averaged = [one for one in (name, other) if _averages_events(recordings[one])]
        if single and averaged:
            yield (
                key,
                f"{key}: recordings.{averaged[0]} is an average and recordings.{single[0]} is not: "
                "average both (a difference of what they evoke) or neither (a contrast of power)",
            )


def _averages_events(entry: Mapping[str, Any]) -> bool:
    return entry.get("events") is not None and bool(entry.get("average", True))


def _data_sets(config: Mapping[str, Any]) -> list[str]:
    return [name for name, entry in config["recordings"].items() if entry.get("bids")]


def _operators(config: Mapping[str, Any], found: Found) -> Mistakes:
    if not found.sound("simulation.operator", "leadfield.variants"):
        return
    known = [*OPERATORS, *config["leadfield"]["variants"]]
    for split in splits_of(config, found):
        own = "operator" in stated(config, split)
        key = f"{place_of(split) if own else 'simulation'}.operator"
        for name in operators(config, split):
            if name not in known:
                yield key, f"{key}: {name!r}: {suggest(name, known)}"
