"""What networks on the whitened covariance of a window have in common."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from multisource.network.channel_repair import ChannelRepair
from multisource.network.contract import ForwardModel
from multisource.network.covariance import CovarianceFeatures, Whitened


class OnCovariance(nn.Module):
    """Windows to whitened covariances; a network adds ``describe`` and ``answer``.

    Parameters
    ----------
    repair : ChannelRepair
        Finds and replaces bad channels.
    standardise : CovarianceFeatures
        Whitens.
    """

    def __init__(self, repair: ChannelRepair, standardise: CovarianceFeatures) -> None:
        super().__init__()
        self.repair = repair
        self.standardise = standardise

    def prepare(self, model: ForwardModel) -> None:
        """Take the whitening from the study, before training.

        Parameters
        ----------
        model : ForwardModel
            The study's forward model.
        """
        self.repair.prepare(model)
        self.standardise.prepare(model)

    def forward(self, eeg: Tensor) -> Tensor:
        """Map EEG to logits.

        Parameters
        ----------
        eeg : Tensor of shape (B, E, T)
            EEG, V.

        Returns
        -------
        Tensor of shape (B, 2, N)
            Logits of P(active) and of E[l].
        """
        network = cast(Any, self)
        return cast(Tensor, network.answer(*network.describe(self.whitened(eeg))))

    @torch.no_grad()
    def whitened(self, eeg: Tensor) -> Whitened:
        """Map EEG to its whitened covariance.

        Parameters
        ----------
        eeg : Tensor of shape (B, E, T)
            EEG, V.

        Returns
        -------
        Whitened
            Of the windows, bad channels replaced.
        """
        return self.standardise.whitened(self.repair(eeg))
