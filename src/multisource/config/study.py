"""What the rules ask of a configuration: files, methods, chunks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from multisource.errors import UserError

BASELINES = ("random", "perfect")
# Keys of ``simulation`` that say what it is made from and how much is simulated, not what.
_NOT_SIMULATED = ("ar_models", "recording", "splits", "scenarios")


def find_file(name: str, folders: Iterable[Path]) -> Path | None:
    """Return the first existing file called ``name`` in ``folders``, or None."""
    path = Path(name).expanduser()
    candidates = [path] if path.is_absolute() else [Path(folder) / path for folder in folders]
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def no_file(key: str, name: str, folders: Iterable[Path]) -> str:
    """Return what is wrong with a key that names a file which is nowhere."""
    places = " or ".join(str(folder) for folder in folders)
    return f"{key}: file {name!r} does not exist (looked in {places}): mend the name or its folder"


def existing_file(key: str, name: str, folders: Iterable[Path]) -> Path:
    """Return the file that a key names.

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
    """Return the (start, stop) sample indices of every chunk of a split."""
    return [(start, min(start + chunk_size, samples)) for start in range(0, samples, chunk_size)]


def simulated(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that say what is simulated, as ``simulation.settings`` reads them."""
    return {k: v for k, v in config["simulation"].items() if k not in _NOT_SIMULATED}


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
