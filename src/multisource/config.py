"""The study's configuration: checked whole, before any job runs.

A wrong key, type, range or name is refused in one line that names the key, its value and what is
allowed. The schema (``workflow/schemas/config.schema.yaml``) says what a value may be; the checks
here say what a schema cannot: that names refer to something, that files exist, that numbers fit
together.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from multisource.errors import UserError
from multisource.registry import signature
from multisource.schema import read_schema

BASELINES = ("random", "perfect")


def check_config(
    config: Mapping[str, Any], *, schema: Path, folders: Iterable[Path], probe: bool = True
) -> None:
    """Refuse a configuration that cannot be computed.

    Parameters
    ----------
    config
        The merged configuration.
    schema
        The JSON schema (YAML).
    folders
        Where relative file names are looked for, in this order.
    probe
        Whether to try programs that the configuration needs; a job need not do so again.

    Raises
    ------
    UserError
        With one line for each mistake.
    """
    validator = Draft202012Validator(read_schema(schema))
    # A round trip through JSON turns what YAML and Snakemake give (tuples, ordered dicts) into
    # the plain types that the schema speaks of.
    plain = json.loads(json.dumps(config, default=str))
    found = sorted(validator.iter_errors(plain), key=lambda error: list(map(str, error.path)))
    mistakes = [_explain(error) for error in found] or _inconsistencies(plain, list(folders))
    if mistakes:
        raise UserError("config: " + "\nconfig: ".join(mistakes))
    if probe:
        from multisource.fem.backends import make_backend

        fem = plain["leadfield"]["fem"]
        make_backend(fem["backend"]).check(fem["source_model"])
    if probe and plain["recordings"]:
        mistakes = _recording_headers(plain, list(folders))
        if mistakes:
            raise UserError("config: " + "\nconfig: ".join(mistakes))


def find_file(name: str, folders: Iterable[Path]) -> Path | None:
    """Return the first existing file called ``name`` in ``folders``, or None."""
    path = Path(name).expanduser()
    candidates = [path] if path.is_absolute() else [Path(folder) / path for folder in folders]
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def chunk_ranges(samples: int, chunk_size: int) -> list[tuple[int, int]]:
    """Return the (start, stop) sample indices of every chunk of a split."""
    return [(start, min(start + chunk_size, samples)) for start in range(0, samples, chunk_size)]


def learning_curve(config: Mapping[str, Any]) -> dict[str, int]:
    """Return {name: training samples} of the networks that only the learning curve needs.

    The curve's network itself, trained on the whole train split, is one of its points.
    """
    network = config["network"]["learning_curve"]["network"]
    samples = config["network"]["learning_curve"]["samples"]
    whole = config["simulation"]["splits"]["train"]["samples"]
    return {f"{network}-{count}": count for count in sorted(samples) if count != whole}


def methods(config: Mapping[str, Any]) -> list[str]:
    """Return every method that the tables compare, in the order of the tables."""
    return [
        *config["evaluation"]["baselines"],
        *config["network"]["networks"],
        *config["inverse"]["solvers"],
    ]


def _suggest(name: str, allowed: Iterable[str]) -> str:
    allowed = sorted(allowed)
    close = difflib.get_close_matches(name, allowed, n=1)
    # A network has dozens of options: their list would bury the hint.
    if close and len(allowed) > 12:
        return f"did you mean {close[0]!r}?"
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}allowed: {', '.join(allowed)}"


def _explain(error: ValidationError) -> str:
    # Of a choice between alternatives the most specific complaint helps, not "matches none".
    if error.context:
        error = min(error.context, key=lambda e: (-len(e.path), e.validator == "type"))
    key = ".".join(str(part) for part in error.absolute_path) or "top level"
    schema = error.schema
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        unknown = [name for name in error.instance if name not in known]
        place = "" if key == "top level" else f"{key}."
        return "; ".join(f"unknown key '{place}{n}': {_suggest(n, known)}" for n in unknown)
    value = json.dumps(error.instance)
    value = value if len(value) < 80 else value[:77] + "..."
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"{key}: missing key {', '.join(map(repr, missing))}"
    if error.validator == "enum":
        return f"{key}: {value}: {_suggest(str(error.instance), map(str, error.validator_value))}"
    if error.validator == "uniqueItems":
        twice = sorted({str(v) for v in error.instance if error.instance.count(v) > 1})
        return f"{key}: {', '.join(twice)} stands more than once; name each once"
    allowed = {
        "type": f"must be of type {error.validator_value}",
        "minimum": f"must be at least {error.validator_value}",
        "maximum": f"must be at most {error.validator_value}",
        "exclusiveMinimum": f"must be greater than {error.validator_value}",
        "exclusiveMaximum": f"must be less than {error.validator_value}",
        "minItems": f"needs at least {error.validator_value} entries",
        "pattern": f"must match {error.validator_value}",
    }.get(error.validator, error.message)
    meaning = (
        f" ({schema['description']})"
        if isinstance(schema, dict) and "description" in schema
        else ""
    )
    return f"{key}: {value} {allowed}{meaning}"


def _inconsistencies(config: dict[str, Any], folders: list[Path]) -> list[str]:
    """Say what a schema cannot: references, files, and numbers that must fit together."""
    from multisource.inverse.registry import SOLVERS
    from multisource.inverse.registry import options as solver_options
    from multisource.network.registry import NETWORKS
    from multisource.recordings.settings import settings_mistakes

    mistakes: list[str] = []

    simulation = config["simulation"]
    for key, (low, high) in (
        ("simulation.n_patches", simulation["n_patches"]),
        ("simulation.extent_mm", simulation["extent_mm"]),
        (
            "anatomy.fsaverage.skull_thickness_mm",
            config["anatomy"]["fsaverage"]["skull_thickness_mm"],
        ),
    ):
        if low > high:
            mistakes.append(f"{key}: [{low}, {high}]: the first is larger; write [{high}, {low}]")
    samples = simulation["sfreq"] * simulation["window_s"]
    if abs(samples - round(samples)) > 1e-9:
        mistakes.append(
            f"simulation.window_s: {simulation['window_s']} s at {simulation['sfreq']} Hz is "
            f"{samples:g} samples; choose a window that is a whole number of samples"
        )
    for group, names, key, registry, options in (
        ("inverse", "solvers", "kind", SOLVERS, solver_options),
        ("network", "networks", "architecture", NETWORKS, _network_options),
    ):
        settings = config[group]["settings"]
        for name in config[group][names]:
            where = f"{group}.settings.{name}"
            if name not in settings:
                known = _suggest(name, settings)
                mistakes.append(
                    f"{group}.{names}: {name!r} has no entry in {group}.settings: {known}"
                )
            elif settings[name][key] not in registry:
                kind = settings[name][key]
                mistakes.append(f"{where}.{key}: {kind!r}: {_suggest(kind, registry)}")
            else:
                allowed = [key, *options(settings[name][key])]
                for option in settings[name]:
                    if option not in allowed:
                        known = _suggest(option, allowed)
                        mistakes.append(f"unknown key '{where}.{option}': {known}")
    curve = config["network"]["learning_curve"]
    if curve["samples"] and curve["network"] not in config["network"]["networks"]:
        known = _suggest(curve["network"], config["network"]["networks"])
        mistakes.append(
            f"network.learning_curve.network: {curve['network']!r} is not among network.networks: "
            f"{known}"
        )
    everything = methods(config)
    reference = config["evaluation"]["reference"]
    if reference not in everything:
        mistakes.append(f"evaluation.reference: {reference!r}: {_suggest(reference, everything)}")
    for name in sorted({n for n in everything if everything.count(n) > 1}):
        mistakes.append(f"method name {name!r} is used twice; give each solver and network its own")
    for key, name in (
        ("simulation.ar_models", simulation["ar_models"]),
        ("simulation.recording", simulation["recording"]),
        ("simulation.scenarios.file", simulation["scenarios"]["file"]),
        ("electrodes.channels", config["electrodes"]["channels"]),
        ("experiments.file", config["experiments"]["file"]),
        *((f"recordings.{key}.file", one["file"]) for key, one in config["recordings"].items()),
    ):
        if isinstance(name, str) and find_file(name, folders) is None:
            mistakes.append(_no_file(key, name, folders))
    for name, entry in config["recordings"].items():
        mistakes += settings_mistakes(
            name, entry, sfreq=simulation["sfreq"], window_s=simulation["window_s"]
        )
    mistakes += _head_source(config["anatomy"], folders)
    return mistakes or [*_scenario_names(config, folders), *_experiment_names(config, folders)]


def _network_options(architecture: str) -> list[str]:
    from multisource.network.registry import options

    given = {"positions", "simulator", "seed", "device", "threads", "checkpoint"}
    training = signature("multisource.network.training:train").options
    return [*options(architecture), *(n for n in training if n not in given)]


def _no_file(key: str, name: str, folders: list[Path]) -> str:
    places = " or ".join(str(folder) for folder in folders)
    return f"{key}: file {name!r} does not exist (looked in {places}): mend the name or its folder"


def _head_source(anatomy: dict[str, Any], folders: list[Path]) -> list[str]:
    """Check what a head of one's own is made from; nothing is read for the packaged head."""
    provider = anatomy["provider"]
    settings = anatomy[provider]
    if provider == "freesurfer" and settings["subject"]:
        from multisource.anatomy.freesurfer import check_subject

        check_subject(Path(settings["subject"]))
    elif provider != "fsaverage":
        key = f"anatomy.{provider}.t1"
        if not settings["t1"]:
            other = ", or give a finished anatomy.freesurfer.subject"
            other = other if provider == "freesurfer" else ""
            return [f"{key}: null; name the T1 of the head (NIfTI or MGZ){other}"]
        if find_file(settings["t1"], folders) is None:
            return [_no_file(key, settings["t1"], folders)]
        if provider == "freesurfer":
            from multisource.anatomy.freesurfer_run import check_freesurfer

            check_freesurfer()
    return []


def _recording_headers(config: dict[str, Any], folders: list[Path]) -> list[str]:
    """Look into the user's recordings; MNE-Python is needed for it, so only where there are any."""
    from multisource.anatomy.electrodes import channel_names
    from multisource.recordings.check import recordings_mistakes

    channels = config["electrodes"]["channels"]
    channels = find_file(channels, folders) if isinstance(channels, str) else channels
    entries = config["recordings"]
    files = {name: find_file(entry["file"], folders) for name, entry in entries.items()}
    return list(recordings_mistakes(entries, files, channel_names(channels)))


def _experiment_names(config: dict[str, Any], folders: list[Path]) -> list[str]:
    if not config["experiments"]["names"]:
        return []
    known = yaml.safe_load(find_file(config["experiments"]["file"], folders).read_text())
    return [
        f"experiments.names: {name!r}: {_suggest(name, known)}"
        for name in config["experiments"]["names"]
        if name not in known
    ]


def _scenario_names(config: dict[str, Any], folders: list[Path]) -> list[str]:
    scenarios = config["simulation"]["scenarios"]
    defined = yaml.safe_load(find_file(scenarios["file"], folders).read_text(encoding="utf-8"))
    return [
        f"simulation.scenarios.names: {name!r} is not in {scenarios['file']}: "
        + _suggest(name, map(str, defined))
        for name in scenarios["names"]
        if name not in defined
    ]
