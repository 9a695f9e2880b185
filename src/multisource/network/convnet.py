"""The paper's network: 1D convolutions over time, then a fully connected stage (section II-C).

The paper names the parts (kernel 3, batch normalisation, ReLU, average pooling, flatten, fully
connected, sigmoid to N) but no sizes; those are options here. Since the sign and the moment of
activity do not matter, what the dense stage can use is how strong each learned spatio-temporal
filter responds in the window: rectify, then average over much of it. Pooling is therefore strong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from multisource.errors import refuse
from multisource.network.options import convnet_mistakes
from multisource.network.standardise import Standardise


class ConvNet(nn.Module):
    """Standardise, convolve and pool over time, flatten, dense; returns logits (B, N).

    Parameters
    ----------
    standardise : Standardise
        Scales the input.
    features : torch.nn.Sequential
        Convolutions and pooling, (B, E, T) to (B, C, T').
    dense : torch.nn.Sequential
        Hidden layers, (B, C T') to (B, F).
    output : torch.nn.Linear
        Last layer, (B, F) to (B, N).
    """

    def __init__(
        self,
        standardise: Standardise,
        features: nn.Sequential,
        dense: nn.Sequential,
        output: nn.Linear,
    ) -> None:
        super().__init__()
        self.standardise = standardise
        self.features = features
        self.dense = dense
        self.output = output

    def forward(self, eeg: Tensor) -> Tensor:
        """Map EEG to logits, whose sigmoid is the estimate of l.

        Parameters
        ----------
        eeg : Tensor of shape (B, E, T)
            EEG, V.

        Returns
        -------
        Tensor of shape (B, N)
            Logits.
        """
        return self.output(self.dense(self.features(self.standardise(eeg)).flatten(1)))


class Convolutions(nn.Sequential):
    """Convolutions, batch normalisation, ReLU and pooling over time.

    On the processor a convolution is one product of the stretches that its filters see, and memory
    holds the channels of a sample side by side: the same numbers, but for rounding, in two thirds
    of the time.
    """

    def forward(self, series: Tensor) -> Tensor:
        """Map series to features.

        Parameters
        ----------
        series : Tensor of shape (B, E, T)
            Standardised EEG.

        Returns
        -------
        Tensor of shape (B, C, T')
            Features.
        """
        if series.device.type != "cpu":
            return cast(Tensor, super().forward(series))
        values = series.transpose(1, 2).contiguous()  # (B, T, channels)
        for layer in self:
            if isinstance(layer, nn.Conv1d):
                values = _convolved(values, layer.weight)
            elif isinstance(layer, nn.BatchNorm1d):
                values = layer(values.flatten(0, 1)).view_as(values)
            elif isinstance(layer, nn.AvgPool1d):
                (size,) = cast(tuple[int, ...], layer.kernel_size)
                whole = values.shape[1] // size * size
                values = values[:, :whole].unflatten(1, (-1, size)).mean(dim=2)
            else:
                values = layer(values)
        return values.transpose(1, 2)


def _convolved(values: Tensor, weight: Tensor) -> Tensor:
    """Convolve (B, T, C) with filters (F, C, K), K odd, series padded with zeros: (B, T, F)."""
    n_times, size = values.shape[1], weight.shape[2]
    padded = functional.pad(values, (0, 0, size // 2, size // 2))
    seen = torch.cat([padded[:, k : k + n_times] for k in range(size)], dim=2)
    return seen @ weight.permute(2, 1, 0).flatten(0, 1)


class Columns(nn.Linear):
    """The same as ``nn.Linear``, whose product is laid out in memory as (N, B).

    The processor multiplies many rows with the few columns of a batch in two thirds of the time.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Map features to outputs.

        Parameters
        ----------
        features : Tensor of shape (B, F)
            Features.

        Returns
        -------
        Tensor of shape (B, N)
            Outputs.
        """
        return (self.weight @ features.T + self.bias[:, None]).T


def build_network(
    n_channels: int,
    n_times: int,
    n_dipoles: int,
    *,
    filters: Sequence[int] = (256, 256),
    kernel_size: int = 3,
    pooling: Sequence[int] = (5, 10),
    hidden: Sequence[int] = (1024,),
    dropout: float = 0.0,
    standardise: str = "whiten",
    initial_activation: float = 0.5,
) -> ConvNet:
    """Build the network with random weights (from torch's current random state).

    Parameters
    ----------
    n_channels, n_times, n_dipoles : int
        E, T and N.
    filters : sequence of int, optional
        Filters of each convolution layer.
    kernel_size : int, optional
        Length of every filter in samples, odd; the series are padded with zeros to keep length.
    pooling : sequence of int, optional
        Average pooling after each convolution layer, in samples; 1 is none.
    hidden : sequence of int, optional
        Units of each hidden layer of the dense stage, with batch normalisation and ReLU; empty:
        the flattened features feed the output at once.
    dropout : float, optional
        Share of the dense stage's inputs set to zero in training.
    standardise : {"whiten", "channel", "window"}, optional
        See :class:`~multisource.network.standardise.Standardise`.
    initial_activation : float, optional
        What every dipole is predicted to be before training.

    Returns
    -------
    ConvNet
        The network.

    Raises
    ------
    UserError
        For an option that is out of range or does not fit the window's length.
    """
    refuse(
        convnet_mistakes(
            n_times=n_times,
            filters=filters,
            kernel_size=kernel_size,
            pooling=pooling,
            hidden=hidden,
            dropout=dropout,
            standardise=standardise,
            initial_activation=initial_activation,
        )
    )
    layers: list[nn.Module] = []
    width, length = n_channels, n_times
    for count, pool in zip(filters, pooling, strict=True):
        layers += [
            nn.Conv1d(width, count, kernel_size, padding=kernel_size // 2, bias=False),
            nn.BatchNorm1d(count),
            nn.ReLU(),
        ]
        if pool > 1:
            layers.append(nn.AvgPool1d(pool))
        width, length = count, length // pool
    width *= length
    dense: list[nn.Module] = []
    for count in hidden:
        dense += [nn.Dropout(dropout)] if dropout else []
        dense += [nn.Linear(width, count, bias=False), nn.BatchNorm1d(count), nn.ReLU()]
        width = count
    dense += [nn.Dropout(dropout)] if dropout else []
    output = Columns(width, n_dipoles)
    nn.init.constant_(output.bias, math.log(initial_activation / (1 - initial_activation)))
    return ConvNet(
        Standardise(n_channels, kind=standardise),
        Convolutions(*layers),
        nn.Sequential(*dense),
        output,
    )
