"""The networks by name. A new one is a file and a line here; see docs/add-your-own.md.

``contract.NetworkBuilder`` says what a function is given and returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from multisource.network.contract import NetworkBuilder
from multisource.registry import Registry

if TYPE_CHECKING:
    from torch import nn

NETWORKS = Registry(
    "architecture",
    NetworkBuilder,
    {
        "convnet": "multisource.network.convnet:build_network",
        "covnet": "multisource.network.covnet:build_network",
        "sblnet": "multisource.network.sblnet:build_network",
    },
)


def options(architecture: str) -> dict[str, Any]:
    """Return the options of an architecture.

    Parameters
    ----------
    architecture : str
        A name of ``NETWORKS``.

    Returns
    -------
    dict
        Default of each option by its name.
    """
    return NETWORKS.options(architecture)


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

    Parameters
    ----------
    architecture : str
        A name of ``NETWORKS``.
    n_channels, n_times, n_dipoles : int
        E, T and N.
    seed : int, optional
        Where the random weights come from.
    **chosen : Any
        Options of the architecture.

    Returns
    -------
    torch.nn.Module
        The network.

    Raises
    ------
    UserError
        For an unknown name or option, or an option's wrong value.
    """
    NETWORKS.check(architecture, chosen)
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        sizes = (n_channels, n_times, n_dipoles)
        return NETWORKS.call(architecture, *sizes, given={}, chosen=chosen)


def split_settings(settings: Mapping[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Split a network's settings into architecture, its options, and those of training.

    Parameters
    ----------
    settings : mapping of str to Any
        Settings of a network in the configuration.

    Returns
    -------
    architecture : str
        Name of the architecture.
    build : dict
        Options of the architecture.
    rest : dict
        Options of the training.
    """
    rest = dict(settings)
    architecture = rest.pop("architecture")
    build = {name: rest.pop(name) for name in options(architecture) if name in rest}
    return architecture, build, rest
