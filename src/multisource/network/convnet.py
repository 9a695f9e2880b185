"""The paper's network: 1D convolutions over time, then a fully connected stage (section II-C).

The paper names the parts (kernel 3, batch normalisation, ReLU, average pooling, flatten, fully
connected, sigmoid to N) but no sizes; those are options here. Since the sign and the moment of
activity do not matter, what the dense stage can use is how strong each learned spatio-temporal
filter responds in the window: rectify, then average over much of it. Pooling is therefore strong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn

from multisource.errors import UserError
from multisource.network.standardise import Standardise


class ConvNet(nn.Module):
    """Standardise, convolve and pool over time, flatten, dense; returns logits (B, N)."""

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
        """EEG (B, E, T) in V to logits (B, N); their sigmoid is the estimate of l."""
        return self.output(self.dense(self.features(self.standardise(eeg)).flatten(1)))


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
    n_channels, n_times, n_dipoles
        E, T and N.
    filters
        Filters of each convolution layer.
    kernel_size
        Length of every filter in samples, odd; the series are padded with zeros to keep length.
    pooling
        Average pooling after each convolution layer, in samples; 1 is none.
    hidden
        Units of each hidden layer of the dense stage, with batch normalisation and ReLU; empty:
        the flattened features feed the output at once.
    dropout
        Share of the dense stage's inputs set to zero in training.
    standardise
        See :class:`~multisource.network.standardise.Standardise`.
    initial_activation
        What every dipole is predicted to be before training.

    Raises
    ------
    UserError
        For an option that is out of range or does not fit the window's length.
    """
    _check(n_times, filters, kernel_size, pooling, hidden, dropout, initial_activation)
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
    output = nn.Linear(width, n_dipoles)
    nn.init.constant_(output.bias, math.log(initial_activation / (1 - initial_activation)))
    return ConvNet(
        Standardise(n_channels, kind=standardise),
        nn.Sequential(*layers),
        nn.Sequential(*dense),
        output,
    )


def _check(
    n_times: int,
    filters: Sequence[int],
    kernel_size: int,
    pooling: Sequence[int],
    hidden: Sequence[int],
    dropout: float,
    initial_activation: float,
) -> None:
    for name, values in (("filters", filters), ("pooling", pooling), ("hidden", hidden)):
        if isinstance(values, str) or not isinstance(values, Sequence):
            raise UserError(f"{name}: {values!r}; needs a list of whole numbers")
        if any(not isinstance(value, int) or value < 1 for value in values):
            raise UserError(f"{name}: {list(values)}; needs whole numbers of 1 and more")
    if not filters:
        raise UserError("filters: []; needs one convolution layer at least")
    if len(pooling) != len(filters):
        raise UserError(
            f"pooling: {list(pooling)}; needs one number for each of the {len(filters)} layers "
            "in filters"
        )
    if math.prod(pooling) > n_times:
        raise UserError(
            f"pooling: {list(pooling)} reduces {math.prod(pooling)} times; a window has only "
            f"{n_times} samples"
        )
    if not isinstance(kernel_size, int) or kernel_size < 1 or kernel_size % 2 == 0:
        raise UserError(f"kernel_size: {kernel_size!r}; needs an odd whole number")
    if not 0 <= dropout < 1:
        raise UserError(f"dropout: {dropout!r}; needs 0 <= dropout < 1")
    if not 0 < initial_activation < 1:
        raise UserError(f"initial_activation: {initial_activation!r}; needs to be between 0 and 1")
