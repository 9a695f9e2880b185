"""What a network is: the contract of the registry's entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

# The Snakefile reads the registry in every job: nothing heavy is imported here.
if TYPE_CHECKING:
    from torch import nn


class NetworkBuilder(Protocol):
    """A function that makes an untrained network."""

    def __call__(self, n_channels: int, n_times: int, n_dipoles: int) -> nn.Module:
        """Build the network with random weights from torch's current random state.

        Parameters
        ----------
        n_channels : int
            E.
        n_times : int
            T, samples of a window.
        n_dipoles : int
            N.

        Returns
        -------
        torch.nn.Module
            Maps EEG (B, E, T) in V, float32, to logits (B, N): their sigmoid is the estimate of
            the coefficients l. EEG in volts is tiny, so that a network scales it first: a
            submodule called ``standardise`` that has a method ``fit(eeg)`` is given the training
            windows (S, E, T) before training begins.
        """
        ...
