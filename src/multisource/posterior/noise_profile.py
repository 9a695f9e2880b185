"""The likelihood of a state at many levels of noise, from one decomposition of its covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from multisource.posterior.model import Spectra
from multisource.posterior.room import SCALE, WIDENING, Terms


@dataclass(frozen=True)
class NoiseProfile:
    """A state whose noise is open.

    In coordinates in which the noise is the same everywhere, the eigenvectors of all the rest are
    those of the sum, whatever the level: one decomposition takes the place of a factor for each
    level and group of times.

    Attributes
    ----------
    strength : ndarray of shape (r,)
        Variance of all but noise along each eigenvector.
    power : ndarray of shape (r, G)
        The window's power along each of them, in each group of times.
    group, level : ndarray
        As in :class:`multisource.posterior.model.Spectra`.
    constant : float
        Half the logarithm of the noise's own determinant, over all times.
    scale : float or None
        Amplitude of everything; None: at each level the best.
    """

    strength: np.ndarray
    power: np.ndarray
    group: np.ndarray
    level: np.ndarray
    constant: float
    scale: float | None

    def log_density(self, levels: np.ndarray) -> np.ndarray:
        """Return the log likelihood as ``likelihood.log_density`` has it.

        Parameters
        ----------
        levels : ndarray of shape (L,)
            Variances of noise over the background's at the mean channel.

        Returns
        -------
        ndarray of shape (L,)
            Of each.
        """
        times = np.diff(self.group)
        variance = self.strength[:, None] + levels[:, None, None] * self.level
        half = -0.5 * np.log(variance).sum(axis=1) @ times - self.constant
        square = (self.power / variance).sum(axis=(1, 2))
        size = len(self.strength) * times.sum()
        scale = np.sqrt(square / size) if self.scale is None else self.scale
        return half - size * np.log(scale) - 0.5 * square / scale**2


def noise_profile(
    spectra: Spectra,
    window: np.ndarray,
    values: np.ndarray,
    parts: Terms,
    n: int,
    *,
    free_scale: bool,
) -> NoiseProfile:
    """Decompose the covariance of state 0.

    Parameters
    ----------
    spectra : Spectra
        Noise and time courses.
    window : ndarray of shape (r, T)
        The whitened window.
    values : ndarray of shape (4,)
        Boost, scale, noise and widening; the noise is not looked at.
    parts : Terms
        Parts of the likelihood: own matrix and topographies are read.
    n : int
        Patches, whose time courses are of the mean of the classes.
    free_scale : bool
        Whether the scale is the best at each level.

    Returns
    -------
    NoiseProfile
        From which the log likelihood at any level follows.
    """
    columns = parts.topography[0, :n]
    matrix = parts.own[0] + columns.T @ columns
    matrix[np.diag_indices(len(matrix))] += values[WIDENING] / len(matrix) * (columns**2).sum()
    root = 1 / np.sqrt(spectra.noise)
    strength, vectors = np.linalg.eigh(root[:, None] * matrix * root)
    along = vectors.T @ (root[:, None] * window)
    return NoiseProfile(
        strength,
        np.add.reduceat(along**2, spectra.group[:-1], axis=1),
        spectra.group,
        spectra.level,
        0.5 * window.shape[1] * float(np.log(spectra.noise).sum()),
        None if free_scale else float(values[SCALE]),
    )
