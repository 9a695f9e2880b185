"""Bad channels of a window: found by what the others say of them, and replaced by it.

The background (all dipoles, none active) correlates the channels, so that each can be predicted
from the others. A channel is bad if the others explain nearly nothing of it, and its error is many
times the median channel's. Each sign alone would also meet good channels: sensor noise leaves much
of every channel unexplained, and a source near an electrode makes large errors there, of still
larger EEG. A bad channel is replaced by its expectation given the good ones, which is linear
(Kriging: interpolation with the leadfield's own covariance in place of splines).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from multisource.network.contract import ForwardModel

# Sensor noise that the prediction reckons with, of the channels' mean variance: without it, it
# would trust the smallest components of the leadfield, in which heads differ.
RIDGE = 1e-2
# A channel is bad whose error is so many times the median channel's, each over its expectation,
THRESHOLD = 6.0
UNEXPLAINED = 0.75  # and, in root mean square, more than this share of the channel itself,
FLAT = 1e-3  # or whose standard deviation is below this share of the median channel's
MOST = 0.25  # of the channels: beyond that nothing is repaired


class ChannelRepair(nn.Module):
    """Windows with bad channels to windows without.

    Parameters
    ----------
    n_channels : int
        E.
    """

    covariance: Tensor
    precision: Tensor

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.register_buffer("covariance", torch.eye(n_channels, dtype=torch.float64))
        self.register_buffer("precision", torch.eye(n_channels, dtype=torch.float64))

    def prepare(self, model: ForwardModel) -> None:
        """Take the covariance of the background from the leadfield.

        Parameters
        ----------
        model : ForwardModel
            The study's forward model.
        """
        referenced = model.gain - model.gain.mean(axis=0)
        covariance = referenced @ referenced.T
        covariance /= np.trace(covariance) / len(covariance)
        # Any common mode is as likely as any other, so that the reference says nothing.
        covariance += RIDGE * np.eye(len(covariance)) + 1e4
        self.covariance.copy_(torch.from_numpy(covariance))
        self.precision.copy_(torch.from_numpy(np.linalg.inv(covariance)))

    @torch.no_grad()
    def forward(self, eeg: Tensor) -> Tensor:
        """Replace the bad channels.

        Parameters
        ----------
        eeg : Tensor of shape (B, E, T)
            Windows.

        Returns
        -------
        Tensor of shape (B, E, T)
            The same windows, another tensor only where there was a bad channel.
        """
        bad = self.bad(eeg)
        rows = torch.nonzero(bad.any(dim=1))[:, 0].tolist()
        if rows:
            eeg = eeg.clone()
        for row in rows:
            eeg[row, bad[row]] = self._expected(eeg[row], bad[row])
        return eeg

    @torch.no_grad()
    def bad(self, eeg: Tensor) -> Tensor:
        """Find the bad channels.

        Parameters
        ----------
        eeg : Tensor of shape (B, E, T)
            Windows.

        Returns
        -------
        Tensor of bool, shape (B, E)
            Whether a channel is bad.
        """
        centred = eeg - eeg.mean(dim=2, keepdim=True)
        spread = centred.square().mean(dim=2).sqrt()
        bad = spread <= FLAT * spread.median(dim=1, keepdim=True).values
        bad &= spread.amax(dim=1, keepdim=True) > 0
        suspects = bad.any(dim=1) | self._worst(eeg.double(), self.precision)[1]
        for row in torch.nonzero(suspects)[:, 0].tolist():
            bad[row] = self._search(eeg[row].double(), bad[row])
        return bad

    def _search(self, window: Tensor, bad: Tensor) -> Tensor:
        """Take the worst channel out until none that is left is bad."""
        bad = bad.clone()
        while int(bad.sum()) <= MOST * len(bad):
            good = torch.nonzero(~bad)[:, 0]
            precision = torch.linalg.inv(self.covariance[good][:, good])
            worst, found = self._worst(window[good], precision)
            if not found:
                return bad
            bad[good[worst]] = True
        return torch.zeros_like(bad)

    @staticmethod
    def _worst(eeg: Tensor, precision: Tensor) -> tuple[Tensor, Tensor]:
        """Return the channel of the largest error, and whether it is bad: both (...,)."""
        centred = eeg - eeg.mean(dim=-2, keepdim=True)
        errors = (precision @ centred).square().mean(dim=-1).sqrt() / precision.diagonal()
        expected = precision.diagonal().rsqrt()
        ratio = errors / expected
        worst = ratio.argmax(dim=-1, keepdim=True)
        size = centred.square().mean(dim=-1).sqrt()
        found = (ratio > THRESHOLD * ratio.median(dim=-1, keepdim=True).values) & (
            errors > UNEXPLAINED * size
        )
        return worst[..., 0], found.gather(-1, worst)[..., 0]

    def _expected(self, window: Tensor, bad: Tensor) -> Tensor:
        kept = window[~bad].double()
        mean = kept.mean(dim=0)
        across = self.covariance[bad][:, ~bad]
        solved = torch.linalg.solve(self.covariance[~bad][:, ~bad], kept - mean)
        return (across @ solved + mean).to(window.dtype)
