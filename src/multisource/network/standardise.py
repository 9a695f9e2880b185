"""Standardisation of the input: EEG in V has no scale a network could start from.

A source's strength says nothing about where it is, so each window is scaled to unit size. The
channels are correlated so strongly (the leading few of 51 components carry nearly all variance)
that a network learns them one by one; ``whiten`` makes the components equal first. The average
reference is part of every map: otherwise a common mode of the channels, which says nothing about
sources and which the training windows do not have, would be amplified most of all.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from multisource.errors import UserError
from multisource.network.options import STANDARDISE


class Standardise(nn.Module):
    """Average reference, fixed linear map over the channels, then each window to unit size.

    Parameters
    ----------
    n_channels : int
        E.
    kind : {"whiten", "channel", "window"}, optional
        ``whiten``: the inverse square root of the training covariance (E, E), so that all
        components have equal variance; ``channel``: each channel divided by its standard
        deviation in training; ``window``: no further map.
    floor : float, optional
        Regularises ``whiten``: this share of the largest eigenvalue is added to all of them. The
        average reference has eigenvalue 0 and stays (nearly) 0 by it.
    """

    matrix: Tensor

    def __init__(self, n_channels: int, *, kind: str = "whiten", floor: float = 1e-6) -> None:
        super().__init__()
        if kind not in STANDARDISE:
            raise UserError(f"standardise: {kind!r}; allowed: {', '.join(STANDARDISE)}")
        self.kind = kind
        self.floor = floor
        self.register_buffer("matrix", torch.eye(n_channels) - 1 / n_channels)

    def fit(self, eeg: np.ndarray) -> None:
        """Take the map from training windows; each window counts the same.

        Parameters
        ----------
        eeg : ndarray of shape (S, E, T)
            Windows, V.

        Raises
        ------
        UserError
            If a channel is zero in all windows and each channel is to be scaled by itself.
        """
        if self.kind == "window":
            return
        covariance = _covariance(eeg)
        if self.kind == "channel":
            variance = np.diag(covariance)
            flat = np.flatnonzero(variance <= 1e-12 * variance.max())
            if len(flat):
                raise UserError(f"eeg: channel {flat[0]} is zero in all windows; leave it out")
            matrix = np.diag(1 / np.sqrt(variance))
        else:
            values, vectors = np.linalg.eigh(covariance)
            values = np.maximum(values, 0) + self.floor * values[-1]
            matrix = (vectors / np.sqrt(values)) @ vectors.T
        matrix = matrix - matrix.mean(axis=1, keepdims=True)
        self.matrix.copy_(torch.from_numpy(matrix))

    def forward(self, eeg: Tensor) -> Tensor:
        """Scale windows to unit root mean square; an all-zero window stays zero.

        Parameters
        ----------
        eeg : Tensor of shape (B, E, T)
            Windows, V.

        Returns
        -------
        Tensor of shape (B, E, T)
            Standardised windows.
        """
        # Taken out first as well, so that a large common mode costs no digits.
        mapped = torch.matmul(self.matrix, eeg - eeg.mean(dim=1, keepdim=True))
        size = mapped.square().mean(dim=(1, 2), keepdim=True).sqrt()
        return mapped / torch.where(size > 0, size, torch.ones_like(size))


def _covariance(eeg: np.ndarray) -> np.ndarray:
    total = np.zeros((eeg.shape[1], eeg.shape[1]))
    for start in range(0, len(eeg), 1000):
        part = eeg[start : start + 1000].astype(np.float64)
        power = np.mean(part**2, axis=(1, 2), keepdims=True)
        part /= np.sqrt(np.where(power > 0, power, 1))
        joined = np.moveaxis(part, 1, 0).reshape(part.shape[1], -1)
        total += joined @ joined.T
    return total / (eeg.shape[0] * eeg.shape[2])
