"""A network on the window's covariance: two maps, P(active) and the expected coefficient E[l].

P(active) ranks dipoles by whether they belong to a patch, E[l] by how near its centre they are.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from multisource.errors import refuse
from multisource.network.channel_repair import ChannelRepair
from multisource.network.coarse_output import CoarseOutput
from multisource.network.contract import ForwardModel
from multisource.network.covariance import CovarianceFeatures, Whitened
from multisource.network.on_covariance import OnCovariance
from multisource.network.options import covnet_mistakes

# Before training: about the share of active dipoles, and their mean coefficient.
INITIAL = (0.05, 0.02)


class CovNet(OnCovariance):
    """Covariance features, dense layers, maps on nodes that dipoles are interpolated from.

    Parameters
    ----------
    repair : ChannelRepair
        Finds and replaces bad channels.
    standardise : CovarianceFeatures
        Window to features.
    dense : torch.nn.Sequential
        Hidden layers.
    output : CoarseOutput
        Last layer, to the two maps.
    """

    def __init__(
        self,
        repair: ChannelRepair,
        standardise: CovarianceFeatures,
        dense: nn.Sequential,
        output: CoarseOutput,
    ) -> None:
        super().__init__(repair, standardise)
        self.dense = dense
        self.output = output

    def prepare(self, model: ForwardModel) -> None:
        """Take whitening and nodes from the study, before training.

        Parameters
        ----------
        model : ForwardModel
            The study's forward model.
        """
        super().prepare(model)
        self.output.prepare(np.asarray(model.positions, float))

    @torch.no_grad()
    def describe(self, whitened: Whitened) -> tuple[Tensor]:
        """Return what the layers are given.

        Parameters
        ----------
        whitened : Whitened
            Of B windows.

        Returns
        -------
        tuple of Tensor
            The features (B, F).
        """
        return (self.standardise.standardised(whitened),)

    def answer(self, features: Tensor) -> Tensor:
        """Map features to logits.

        Parameters
        ----------
        features : Tensor of shape (B, F)
            As :meth:`describe` returns them.

        Returns
        -------
        Tensor of shape (B, 2, N)
            As :meth:`forward` returns them.
        """
        return self.output(self.dense(features))

    def recalibrate(self, slope: float, intercept: float) -> None:
        """Change the weights such that the logit of P(active) is a line of what it was.

        Parameters
        ----------
        slope, intercept : float
            The line; E[l] stays as it is.
        """
        self.output.rescale(0, slope, intercept)


def build_network(
    n_channels: int,
    n_times: int,
    n_dipoles: int,
    *,
    hidden: tuple[int, ...] = (1024,),
    nodes: int = 1600,
    dropout: float = 0.0,
) -> CovNet:
    """Build the network with random weights (from torch's current random state).

    Parameters
    ----------
    n_channels, n_times, n_dipoles : int
        E, T and N.
    hidden : sequence of int, optional
        Units of each hidden layer, with batch normalisation and ReLU.
    nodes : int, optional
        Nodes of the output that the dipoles are interpolated from; 1600 on both hemispheres of an
        adult lie about 10 mm apart.
    dropout : float, optional
        Share of each hidden layer's inputs set to zero in training.

    Returns
    -------
    CovNet
        The network.

    Raises
    ------
    UserError
        For an option that is out of range.
    """
    refuse(covnet_mistakes(n_times=n_times, hidden=hidden, nodes=nodes, dropout=dropout))
    standardise = CovarianceFeatures(n_channels, n_times)
    width = standardise.n_features
    dense: list[nn.Module] = []
    for count in hidden:
        dense += [nn.Dropout(dropout)] if dropout else []
        dense += [nn.Linear(width, count, bias=False), nn.BatchNorm1d(count), nn.ReLU()]
        width = count
    return CovNet(
        ChannelRepair(n_channels),
        standardise,
        nn.Sequential(*dense),
        CoarseOutput(width, n_dipoles, nodes, INITIAL),
    )
