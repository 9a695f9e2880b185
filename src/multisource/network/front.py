"""The part of a network without weights: its own preparation of a window.

What a window looks like to the layers does not change while they learn. So it is computed once for
windows that stay, and by whoever simulates for fresh ones. A network that has such a part offers
``whitened``, ``describe`` and ``answer``, see :class:`~multisource.network.covnet.CovNet`; of any
other the EEG itself is what the layers are given.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn

Given = tuple[Tensor, ...]
Front = Callable[[Tensor], Given]


def front_of(network: nn.Module, place: torch.device) -> Front:
    """Return the part without weights, which stays on the processor.

    Parameters
    ----------
    network : torch.nn.Module
        A network on the processor.
    place : torch.device
        Where its layers will be.

    Returns
    -------
    callable
        From windows (B, E, T) in V to what the layers are given, a tuple of tensors.
    """
    if not has_front(network):
        return lambda eeg: (eeg,)
    kept = cast(Any, network if place.type == "cpu" else copy.deepcopy(network).cpu())
    return lambda eeg: tuple(kept.describe(kept.whitened(eeg)))


def has_front(network: nn.Module) -> bool:
    """Say whether a network has a part without weights.

    Parameters
    ----------
    network : torch.nn.Module
        A network.

    Returns
    -------
    bool
        Whether it has.
    """
    return hasattr(network, "whitened") and hasattr(network, "describe")


def answer(network: nn.Module, given: Given) -> Tensor:
    """Map what the layers are given to logits, on the network's device.

    Parameters
    ----------
    network : torch.nn.Module
        A network.
    given : tuple of Tensor
        What :func:`front_of` made of B windows.

    Returns
    -------
    Tensor of shape (B, N) or (B, 2, N)
        Logits.
    """
    place = next(network.parameters()).device
    layers = cast(Any, network).answer if has_front(network) else network
    return cast(Tensor, layers(*(part.to(place) for part in given)))
