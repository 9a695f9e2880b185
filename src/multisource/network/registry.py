"""The networks by name. A new one is a module with ``build_network`` and a line here.

``build_network(n_channels, n_times, n_dipoles, *, <options>)`` returns a ``torch.nn.Module`` that
maps EEG (B, E, T) in V to logits (B, N). A submodule ``standardise`` with a method ``fit(eeg)``
is fitted to the training windows before training.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from multisource.errors import UserError

if TYPE_CHECKING:
    from torch import nn

NETWORKS: dict[str, str] = {
    "convnet": "multisource.network.convnet",
}


def options(architecture: str) -> dict[str, object]:
    """Options of an architecture and their defaults."""
    parameters = inspect.signature(_builder(architecture)).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def build_network(
    architecture: str,
    n_channels: int,
    n_times: int,
    n_dipoles: int,
    *,
    seed: int = 0,
    **chosen: Any,
) -> nn.Module:
    """Build a network by its name with random weights that follow from ``seed``.

    Raises UserError for an unknown name or option, or an option's wrong value.
    """
    import torch

    allowed = options(architecture)
    for name in chosen:
        if name not in allowed:
            raise UserError(
                f"{architecture}: unknown option {name!r}; allowed: {', '.join(allowed)}"
            )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _builder(architecture)(n_channels, n_times, n_dipoles, **chosen)


def split_settings(settings: Mapping[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Split a network's settings into architecture, its options, and those of training."""
    rest = dict(settings)
    architecture = rest.pop("architecture")
    build = {name: rest.pop(name) for name in options(architecture) if name in rest}
    return architecture, build, rest


def _builder(architecture: str):
    if architecture not in NETWORKS:
        raise UserError(f"architecture: {architecture!r}; allowed: {', '.join(NETWORKS)}")
    return import_module(NETWORKS[architecture]).build_network
