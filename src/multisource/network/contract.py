"""What a network is: the contract of the registry's entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

# The Snakefile reads the registry in every job: nothing heavy is imported here.
if TYPE_CHECKING:
    import numpy as np
    from torch import nn


@dataclass(frozen=True)
class ForwardModel:
    """What is known of a study's EEG before any window is seen.

    Attributes
    ----------
    gain : ndarray of shape (E, G)
        Leadfield of operator A, fixed orientation, V/(Am), G = N; or those of several operators
        side by side, over the root of their number.
    positions : ndarray of shape (N, 3)
        Positions of the dipoles, mm.
    autocovariance : ndarray of shape (T, T)
        Mean autocovariance of the dipoles' time courses in a window, of unit variance.
    """

    gain: np.ndarray
    positions: np.ndarray
    autocovariance: np.ndarray


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
            Maps EEG (B, E, T) in V, float32, to logits (B, N): their sigmoid is the map that
            dipoles are ranked by. Or to two maps (B, 2, N): P(active), and the expected
            coefficient, by which the distance ranks DR are measured. EEG in volts is tiny, so that
            a network scales it first: a submodule called ``standardise`` that has a method
            ``fit(eeg)`` is given training windows (S, E, T) before training begins. Before that,
            a method ``prepare(model)`` of the network, if it has one, is given the study's
            :class:`ForwardModel`. After training a method
            ``recalibrate(slope, intercept)``, if it has one, is given the line of its logits that
            makes P(active) true on the validation windows.
        """
        ...
