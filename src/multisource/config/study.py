"""What the rules ask of a configuration: files, methods, chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from multisource.errors import UserError
from multisource.links import dead_link

BASELINES = ("random", "perfect")
# Keys of ``simulation`` that say what it is made from and how much is simulated, not what.
_NOT_SIMULATED = ("ar_models", "recording", "splits", "scenarios")
# The same of a split and of the scenarios; all their other keys go before the section's.
_SIZES = ("samples", "chunk_size", "file", "names", "duration_s")
# Settings of a network that say which splits it learns from, and their defaults.
SPLITS_OF_NETWORKS = {"train": "train", "validation": "validation"}


def find_file(name: str, folders: Iterable[Path]) -> Path | None:
    """Find a file that the configuration names.

    Parameters
    ----------
    name : str
        An absolute name, or one relative to a folder; ``~`` stands for the user's home.
    folders : iterable of Path
        Where relative names are looked for, in this order.

    Returns
    -------
    Path or None
        The first that exists; None if there is none.
    """
    return next((path for path in places_of(name, folders) if path.is_file()), None)


def places_of(name: str, folders: Iterable[Path]) -> list[Path]:
    """List where a file or folder that the configuration names may lie.

    Parameters
    ----------
    name : str
        An absolute name, or one relative to a folder; ``~`` stands for the user's home.
    folders : iterable of Path
        Where relative names are looked for, in this order.

    Returns
    -------
    list of Path
        One, or one a folder; whether they exist is not looked at.
    """
    path = Path(name).expanduser()
    return [path] if path.is_absolute() else [Path(folder) / path for folder in folders]


def no_file(key: str, name: str, folders: Iterable[Path]) -> str:
    """Say that a file which a key names is nowhere.

    Parameters
    ----------
    key : str
        The dotted key.
    name : str
        The file as the configuration names it.
    folders : iterable of Path
        Where it was looked for.

    Returns
    -------
    str
        A line for the user.
    """
    folders = list(folders)
    for path in places_of(name, folders):
        if line := dead_link(path):
            return f"{key}: {line}"
    places = " or ".join(str(folder) for folder in folders)
    return f"{key}: file {name!r} does not exist (looked in {places}): correct the name or folder"


def existing_file(key: str, name: str, folders: Iterable[Path]) -> Path:
    """Return the file that a key names.

    Parameters
    ----------
    key : str
        The dotted key.
    name : str
        The file as the configuration names it.
    folders : iterable of Path
        Where relative names are looked for, in this order.

    Returns
    -------
    Path
        The first that exists.

    Raises
    ------
    UserError
        If it is in none of the folders.
    """
    folders = list(folders)
    found = find_file(name, folders)
    if found is None:
        raise UserError(no_file(key, name, folders))
    return found


def chunk_ranges(samples: int, chunk_size: int) -> list[tuple[int, int]]:
    """Cut a split into chunks.

    Parameters
    ----------
    samples : int
        Samples of the split.
    chunk_size : int
        Samples of a chunk; the last one may have fewer.

    Returns
    -------
    list of tuple of int
        (start, stop) sample indices of every chunk.
    """
    return [(start, min(start + chunk_size, samples)) for start in range(0, samples, chunk_size)]


def simulated(config: Mapping[str, Any], split: str | None = None) -> dict[str, Any]:
    """Return the settings that say what is simulated.

    Parameters
    ----------
    config : mapping
        The configuration.
    split : str, optional
        A split, or ``scenarios`` for the named scenarios: what it states goes before the section's
        settings. Without it those of the section alone.

    Returns
    -------
    dict
        As ``simulation.settings`` reads it.
    """
    section = {k: v for k, v in config["simulation"].items() if k not in _NOT_SIMULATED}
    return section if split is None else merged(section, stated(config, split))


def stated(config: Mapping[str, Any], split: str) -> dict[str, Any]:
    """Return what a split states for itself of the settings that say what is simulated.

    Parameters
    ----------
    config : mapping
        The configuration.
    split : str
        A split, or ``scenarios`` for the named scenarios.

    Returns
    -------
    dict
        Settings; none if it takes all of the section.
    """
    simulation = config["simulation"]
    part = simulation["scenarios"] if split == "scenarios" else simulation["splits"][split]
    return {key: value for key, value in part.items() if key not in _SIZES}


def stated_words(config: Mapping[str, Any], split: str) -> str:
    """Return in words what a split states for itself.

    Parameters
    ----------
    config : mapping
        The configuration.
    split : str
        As for :func:`stated`.

    Returns
    -------
    str
        Dotted keys and values, separated by commas; empty if it takes all of the section.
    """
    return ", ".join(_words(stated(config, split)))


def _words(settings: Mapping[str, Any], place: str = "") -> Iterator[str]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _words(value, f"{place}{key}.")
        else:
            yield f"{place}{key} {value}"


def merged(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with changes, as configuration files are merged: lists are replaced.

    Parameters
    ----------
    settings : mapping
        What there is.
    changes : mapping
        What goes before it.

    Returns
    -------
    dict
        Both.
    """
    both = dict(settings)
    for key, value in changes.items():
        below = both.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            value = merged(below, value)
        both[key] = value
    return both


def has_sources(config: Mapping[str, Any], split: str) -> bool:
    """Say whether any sample of a split has a patch.

    Parameters
    ----------
    config : mapping
        The configuration.
    split : str
        A split.

    Returns
    -------
    bool
        False for a split of background alone.
    """
    return bool(simulated(config, split)["n_patches"][1] > 0)


def scenarios(config: Mapping[str, Any]) -> list[str]:
    """Return what methods are compared on: the test split, further test splits, named scenarios.

    Parameters
    ----------
    config : mapping
        The configuration.

    Returns
    -------
    list of str
        Names in the order of their files.
    """
    named = config["simulation"]["scenarios"]["names"]
    return ["test", *config["evaluation"]["test_splits"], *named]


def scored(config: Mapping[str, Any]) -> list[str]:
    """Return what methods are scored on: the scenarios, and the validation split.

    Parameters
    ----------
    config : mapping
        The configuration.

    Returns
    -------
    list of str
        Names; the last is ``validation``, unless it is a test split too.
    """
    return list(dict.fromkeys([*scenarios(config), "validation"]))


def split_of(config: Mapping[str, Any], network: str, purpose: str) -> str:
    """Return a split that a network is made with.

    Parameters
    ----------
    config : mapping
        The configuration.
    network : str
        Name of its settings.
    purpose : str
        ``train`` for the split that it learns from, ``validation`` for the one that steers it.

    Returns
    -------
    str
        The split of that name, unless the network's settings name another.
    """
    settings = config["network"]["settings"][network]
    return str(settings.get(purpose, SPLITS_OF_NETWORKS[purpose]))


def split_samples(config: Mapping[str, Any], split: str) -> int:
    """Return how many samples of a split are simulated.

    Parameters
    ----------
    config : mapping
        The configuration.
    split : str
        The split.

    Returns
    -------
    int
        Its samples; more where the learning curve, which goes on with the split, needs more.
    """
    samples = int(config["simulation"]["splits"][split]["samples"])
    curve = learning_curve(config)
    if curve and split == split_of(config, config["network"]["learning_curve"]["network"], "train"):
        samples = max(samples, *curve.values())
    return samples


def learning_curve(config: Mapping[str, Any]) -> dict[str, int]:
    """Return the networks that only the learning curve needs.

    The curve's network itself, trained on the whole of its split, is one of its points.

    Parameters
    ----------
    config : mapping
        The configuration.

    Returns
    -------
    dict of str to int
        Name -> training samples.
    """
    network = config["network"]["learning_curve"]["network"]
    samples = config["network"]["learning_curve"]["samples"]
    if not samples:
        return {}
    whole = config["simulation"]["splits"][split_of(config, network, "train")]["samples"]
    return {f"{network}-{count}": count for count in sorted(samples) if count != whole}


def reference(config: Mapping[str, Any]) -> str:
    """Return the method that the others are tested against.

    Parameters
    ----------
    config : mapping
        The configuration.

    Returns
    -------
    str
        The method that is named, or else the first network.
    """
    named = config["evaluation"]["reference"]
    return str(config["network"]["networks"][0] if named is None else named)


def methods(config: Mapping[str, Any]) -> list[str]:
    """Return every method that the tables compare.

    Parameters
    ----------
    config : mapping
        The configuration.

    Returns
    -------
    list of str
        Names in the order of the tables.
    """
    return [
        *config["evaluation"]["baselines"],
        *config["network"]["networks"],
        *config["inverse"]["solvers"],
        *config["evaluation"]["submissions"],
    ]
