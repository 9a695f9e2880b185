"""Sizes that no machine holds: refused before a job asks for the memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from multisource.config.found import Found
from multisource.config.settings import simulation_settings

# Of one layer, 8 GB in single precision; training holds four such arrays.
MOST_WEIGHTS = 2**31
LARGEST_CHUNK_GB = 64
# What a window of many channels takes at least, bytes a time point; only a job knows the montage.
_CHANNELS = 32
_BYTES = 4


def check_sizes(config: Mapping[str, Any], found: Found) -> None:
    """Add to ``found`` the sizes that cannot be computed.

    Parameters
    ----------
    config : mapping
        The configuration in plain values.
    found : Found
        Gets the mistakes; what it holds already is not read.
    """
    for mistakes in (_layers, _chunks):
        for key, line in list(mistakes(config, found)):
            found.add(key.split("."), line)


def _layers(config: Mapping[str, Any], found: Found) -> Iterator[tuple[str, str]]:
    if not found.sound("network"):
        return
    for name, settings in config["network"]["settings"].items():
        for option, width in (("hidden", 1), ("filters", settings.get("kernel_size", 3))):
            for one, next_one in pairwise(settings.get(option, [])):
                count = one * next_one * width
                if count > MOST_WEIGHTS:
                    key = f"network.settings.{name}.{option}"
                    yield (
                        key,
                        f"{key}: {settings[option]}: {one} and {next_one} are joined by "
                        f"{count:.0e} weights, {count * 16 / 1e9:.0f} GB in training; "
                        "make them smaller",
                    )


def _chunks(config: Mapping[str, Any], found: Found) -> Iterator[tuple[str, str]]:
    if not found.sound("simulation"):
        return
    settings = simulation_settings(config, found)
    if settings is None:
        return
    for name, split in config["simulation"]["splits"].items():
        windows = min(split["chunk_size"], split["samples"])
        size = windows * settings.n_times * _CHANNELS * _BYTES / 1e9
        if size > LARGEST_CHUNK_GB:
            key = f"simulation.splits.{name}.chunk_size"
            fit = max(1, int(windows * LARGEST_CHUNK_GB / size))
            yield (
                key,
                f"{key}: {split['chunk_size']} windows of {settings.n_times} samples are "
                f"{size:.0f} GB, and a job holds a chunk in memory; give {fit} at most",
            )
