"""Features of a window for a network: its covariance, whitened by what the brain's background is.

Where sources are says a window through its spatial covariance: the sign of a source, its phase and
the direction of time say nothing. Seen relative to the background (all dipoles, none active), that
covariance is the identity, whatever the head, plus what the sources add. So a window is mapped to
coordinates in which the background's components are independent, in space (eigenvectors of the
leadfield's A A') and in time (those of the sources' mean autocovariance). Each component is then
divided by its own standard deviation, background plus sensor noise, where the noise's level is
estimated from the window itself. What is left is one symmetric matrix of positive eigenvalues. Its
logarithm has a flat geometry (log-Euclidean metric, Arsigny et al. 2006), in which a plain network
learns.

The average reference is part of the map, and so is the window's scale: another reference, a common
mode, another unit, another sign or reversed time give the same features, to rounding.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from multisource.errors import UserError
from multisource.network.contract import ForwardModel
from multisource.network.noise_level import likeliest_levels

# Levels of the noise that are tried: its variance over the background's mean one; the first is no
# noise. The EEG's own power lies about 10 times above the background's.
LEVELS = (0.0, *np.geomspace(1e-4, 1e2, 18).tolist())
# Eigenvalues above this share of them belong to sources, those below tell the background's scale.
BULK = 0.88


class Whitened(NamedTuple):
    """The covariance of B windows where the background's is the identity, in E - 1 components.

    Attributes
    ----------
    values : Tensor of shape (B, E - 1)
        Its eigenvalues, ascending.
    vectors : Tensor of shape (B, E - 1, E - 1)
        Its eigenvectors, in columns.
    bulk : Tensor of shape (B, 1)
        The eigenvalues of the background, on average; 1 where a window is too short to tell.
    level : Tensor of shape (B,)
        Variance of the noise over the background's mean one.
    whitening : Tensor of shape (B, E - 1)
        What a topography's components are multiplied by.
    """

    values: Tensor
    vectors: Tensor
    bulk: Tensor
    level: Tensor
    whitening: Tensor


class CovarianceFeatures(nn.Module):
    """EEG windows to the logarithm of their whitened covariance.

    Parameters
    ----------
    n_channels : int
        E.
    n_times : int
        T, samples of a window.

    Raises
    ------
    UserError
        If there are fewer than 3 channels or 2 times.
    """

    spatial: Tensor
    temporal: Tensor
    gain: Tensor
    speed: Tensor
    mean: Tensor
    deviation: Tensor
    rows: Tensor
    columns: Tensor
    scale: Tensor

    def __init__(self, n_channels: int, n_times: int) -> None:
        super().__init__()
        if n_channels < 3 or n_times < 2:
            raise UserError(
                f"covnet: {n_channels} channels, {n_times} samples; needs 3 channels and 2 samples"
            )
        rank = n_channels - 1
        self.n_features = rank * (rank + 1) // 2 + 1
        self.register_buffer("spatial", torch.eye(n_channels)[:rank].clone())
        self.register_buffer("temporal", torch.eye(n_times))
        self.register_buffer("gain", torch.ones(rank))
        self.register_buffer("speed", torch.ones(n_times))
        self.register_buffer("mean", torch.zeros(self.n_features))
        self.register_buffer("deviation", torch.ones(self.n_features))
        rows, columns = torch.triu_indices(rank, rank)
        scale = torch.where(rows == columns, 1.0, 2**0.5)
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("columns", columns, persistent=False)
        self.register_buffer("scale", scale, persistent=False)

    def prepare(self, model: ForwardModel) -> None:
        """Take the whitening from the leadfield and the time courses of the sources.

        Parameters
        ----------
        model : ForwardModel
            Leadfield and autocovariance that the windows to come are made with.
        """
        referenced = model.gain - model.gain.mean(axis=0)
        # An orthonormal basis of what the average reference leaves.
        n_channels = len(referenced)
        basis = np.linalg.qr(np.eye(n_channels)[:, 1:] - 1 / n_channels)[0]
        reduced = basis.T @ referenced
        values, vectors = np.linalg.eigh(reduced @ reduced.T)
        values = np.maximum(values, 1e-12 * values[-1])
        powers, courses = np.linalg.eigh(model.autocovariance)
        powers = np.maximum(powers, 1e-9 * powers[-1])
        self.spatial.copy_(torch.from_numpy((basis @ vectors).T))
        self.temporal.copy_(torch.from_numpy(courses))
        self.gain.copy_(torch.from_numpy(values / values.mean()))
        self.speed.copy_(torch.from_numpy(powers / powers.mean()))

    @torch.no_grad()
    def fit(self, eeg: np.ndarray) -> None:
        """Take mean and spread of the features from training windows.

        Parameters
        ----------
        eeg : ndarray of shape (S, E, T)
            Windows, V; the first 2000 are used.
        """
        parts = [
            self.raw(torch.from_numpy(eeg[start : start + 250].astype(np.float32, copy=False)))
            for start in range(0, min(len(eeg), 2000), 250)
        ]
        features = torch.cat(parts).double()
        self.mean.copy_(features.mean(dim=0))
        deviation = features.std(dim=0, correction=0)
        # A feature that hardly varies is not blown up.
        floor = 0.3 * float(deviation.median())
        self.deviation.copy_(deviation.clamp(min=floor if floor > 0 else 1.0))

    def forward(self, eeg: Tensor) -> Tensor:
        """Map windows to standardised features.

        Parameters
        ----------
        eeg : Tensor of shape (B, E, T)
            Windows, in any unit, against any reference.

        Returns
        -------
        Tensor of shape (B, F)
            Features; F is ``n_features``.
        """
        return (self.raw(eeg) - self.mean) / self.deviation

    def raw(self, eeg: Tensor) -> Tensor:
        """Map windows to features before standardisation.

        Parameters
        ----------
        eeg : Tensor of shape (B, E, T)
            Windows.

        Returns
        -------
        Tensor of shape (B, F)
            Upper triangle of the logarithm, off-diagonals times sqrt 2, and the logarithm of the
            noise's level.
        """
        return self.logarithm(self.whitened(eeg))

    def standardised(self, whitened: Whitened) -> Tensor:
        """Map whitened covariances to standardised features.

        Parameters
        ----------
        whitened : Whitened
            Of B windows.

        Returns
        -------
        Tensor of shape (B, F)
            As :meth:`forward` returns them.
        """
        return (self.logarithm(whitened) - self.mean) / self.deviation

    def whitened(self, eeg: Tensor) -> Whitened:
        """Whiten the covariance of windows by the background and by noise of the likeliest level.

        Parameters
        ----------
        eeg : Tensor of shape (B, E, T)
            Windows.

        Returns
        -------
        Whitened
            Their covariances.
        """
        components = self.components(eeg)
        level, scale = self.noise_level(components)
        variance = self.variance(level)
        deviation = torch.sqrt(scale[:, None, None] * variance)
        return self._decomposed(components / deviation, variance, self.speed, level)

    def measured(
        self, eeg: Tensor, variance: Tensor, speed: Tensor, level: float, bulk: float
    ) -> Whitened:
        """Whiten the covariance of windows by a background that was measured.

        Parameters
        ----------
        eeg : Tensor of shape (B, E, T)
            Windows, V, against any reference.
        variance : Tensor of shape (E - 1, T)
            Variance of every component of space and time, V^2.
        speed : Tensor of shape (T,)
            Of the background's components of time, 1 on average.
        level : float
            Variance of white noise over the background's mean one.
        bulk : float
            Of :meth:`expected_bulk`: how far a window is above the background follows from what
            was measured, and not from the window.

        Returns
        -------
        Whitened
            Their covariances.
        """
        single = self.mean.dtype
        referenced = eeg.double() - eeg.double().mean(dim=1, keepdim=True)
        components = self.spatial.double() @ referenced @ self.temporal.double()
        white = (components / torch.sqrt(variance)).to(single)
        levels = torch.full((len(eeg),), level, dtype=single)
        relative = (variance / variance.mean()).to(single)[None]
        whitened = self._decomposed(white, relative, speed.to(single), levels)
        return whitened._replace(bulk=torch.full_like(whitened.bulk, bulk))

    def expected_bulk(self, speed: Tensor, level: float) -> float:
        """Return the mean of the lowest eigenvalues where there is nothing but the background.

        Parameters
        ----------
        speed : Tensor of shape (T,)
            Of the background's components of time, 1 on average.
        level : float
            Variance of white noise over the background's mean one.

        Returns
        -------
        float
            Of 200 windows of white noise; the eigenvalues are 1 on average, the lowest less.
        """
        n_components, n_times = len(self.gain), len(speed)
        noise = torch.randn(
            (200, n_components, n_times),
            generator=torch.Generator().manual_seed(0),
            dtype=torch.float64,
        )
        ones = torch.ones((1, n_components, n_times), dtype=torch.float64)
        levels = torch.full((len(noise),), level, dtype=torch.float64)
        return float(self._decomposed(noise, ones, speed.double(), levels).bulk.mean())

    def _decomposed(
        self, white: Tensor, variance: Tensor, speed: Tensor, level: Tensor
    ) -> Whitened:
        """Covariances of components (B, E - 1, T) of unit variance in the background."""
        # A component of time that holds mostly noise tells little of the sources.
        share = speed / (speed + level[:, None])
        share = share / share.sum(dim=1, keepdim=True)
        white = white * torch.sqrt(share)[:, None, :]
        values, vectors = _eigh(white @ white.transpose(1, 2))
        values = values.clamp(min=0)
        below = max(1, int(BULK * values.shape[1]))
        if white.shape[2] > values.shape[1] - below:
            bulk = values[:, :below].mean(dim=1, keepdim=True)
        else:
            # A window of so few samples has none but zeros there, to rounding. The components'
            # own scale, in which the background's covariance is the identity, has to do.
            bulk = torch.ones_like(values[:, :1])
        whitening = torch.sqrt((share[:, None, :] / variance).sum(dim=2))
        return Whitened(values, vectors, bulk.clamp(min=1e-12), level, whitening)

    def logarithm(self, whitened: Whitened) -> Tensor:
        """Map whitened covariances to features before standardisation.

        Parameters
        ----------
        whitened : Whitened
            Of B windows.

        Returns
        -------
        Tensor of shape (B, F)
            Upper triangle of the logarithm, off-diagonals times sqrt 2, and the logarithm of the
            noise's level.
        """
        values, vectors, bulk, level, _ = whitened
        logarithm = torch.log1p(values / (3 * bulk).clamp(min=1e-12))
        matrix = (vectors * logarithm[:, None, :]) @ vectors.transpose(1, 2)
        upper = matrix[:, self.rows, self.columns] * self.scale
        return torch.cat([upper, torch.log10(level + LEVELS[1])[:, None]], dim=1)

    def components(self, eeg: Tensor) -> Tensor:
        """Map windows to components that are independent in the background.

        Parameters
        ----------
        eeg : Tensor of shape (B, E, T)
            Windows.

        Returns
        -------
        Tensor of shape (B, E - 1, T)
            Components, of unit mean square together; zeros if the window is.
        """
        referenced = eeg - eeg.mean(dim=1, keepdim=True)
        size = referenced.abs().amax(dim=(1, 2), keepdim=True)
        referenced = referenced / torch.where(size > 0, size, torch.ones_like(size))
        mapped = self.spatial @ referenced @ self.temporal
        power = mapped.square().mean(dim=(1, 2), keepdim=True)
        return mapped / torch.sqrt(torch.where(power > 0, power, torch.ones_like(power)))

    def variance(self, level: Tensor) -> Tensor:
        """Return the variance of every component, the background's mean one being 1.

        Parameters
        ----------
        level : Tensor of shape (B,)
            Variance of the noise over the background's mean one.

        Returns
        -------
        Tensor of shape (B, E - 1, T)
            Variances.
        """
        return self.gain[:, None] * self.speed + level[:, None, None]

    def noise_level(self, components: Tensor) -> tuple[Tensor, Tensor]:
        """Estimate the level of white sensor noise in each window, and the background's scale.

        The most likely of ``LEVELS``, where a component is distributed as Student's t, so that the
        few that the sources dominate do not count.

        Parameters
        ----------
        components : Tensor of shape (B, E - 1, T)
            As ``components`` returns them.

        Returns
        -------
        level : Tensor of shape (B,)
            Variance of the noise over the background's mean one.
        scale : Tensor of shape (B,)
            Mean variance of the background's components.
        """
        levels = torch.tensor(LEVELS, dtype=torch.float32)
        variance = self.variance(levels.to(self.gain)).flatten(1)
        power = components.flatten(1).square()
        chosen, scale = likeliest_levels(
            power.cpu().float().numpy(), variance.cpu().float().numpy()
        )
        level = levels[torch.from_numpy(chosen)]
        return level.to(components), torch.from_numpy(scale).to(components)


def _eigh(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """Decompose small symmetric matrices: on the processor, where it is ten times as fast."""
    values, vectors = torch.linalg.eigh(matrices.cpu())
    return values.to(matrices.device), vectors.to(matrices.device)
