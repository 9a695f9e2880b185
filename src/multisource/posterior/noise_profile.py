"""The likelihood of a state at many levels of noise, from one decomposition of its covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from multisource.posterior.model import Spectra
from multisource.posterior.room import SCALE, WIDENING, Terms


@dataclass(frozen=True)
class NoiseProfile:
    """A state whose noise is open.

    In coordinates in which all but the noise is the same everywhere, the eigenvectors of the noise
    are those of the sum, whatever the level: one decomposition takes the place of a factor for each
    level and group of times.

    Attributes
    ----------
    noise : ndarray of shape (r,)
        Variance of the noise along each eigenvector, over that of all else, at a level of 1.
    power : ndarray of shape (r, G)
        The window's power along each of them, in each group of times.
    group, level : ndarray
        As in :class:`multisource.posterior.model.Spectra`.
    constant : float
        Half the logarithm of the determinant without noise, over all times.
    scale : float or None
        Amplitude of everything; None: at each level the best.
    """

    noise: np.ndarray
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
        variance = 1 + self.noise[:, None] * (levels[:, None, None] * self.level)
        half = -0.5 * np.log(variance).sum(axis=1) @ times - self.constant
        square = (self.power / variance).sum(axis=(1, 2))
        size = len(self.noise) * times.sum()
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

    Raises
    ------
    numpy.linalg.LinAlgError
        If the covariance without noise is none: it is not positive definite.
    """
    r, n_times = window.shape
    columns = parts.topography[0, :n]
    matrix = parts.own[0] + columns.T @ columns
    matrix[np.diag_indices(r)] += values[WIDENING] / r * (columns**2).sum()
    # A direction that is left out of the window has an enormous variance, which a factor bears and
    # eigenvalues of the covariance itself would not.
    lower = cholesky(matrix, lower=True, check_finite=False)
    both = np.hstack([np.diag(np.sqrt(spectra.noise)), window])
    both = solve_triangular(lower, both, lower=True, check_finite=False)
    noise, vectors = np.linalg.eigh(both[:, :r] @ both[:, :r].T)
    along = vectors.T @ both[:, r:]
    return NoiseProfile(
        np.maximum(noise, 0),
        np.add.reduceat(along**2, spectra.group[:-1], axis=1),
        spectra.group,
        spectra.level,
        n_times * float(np.log(np.diag(lower)).sum()),
        None if free_scale else float(values[SCALE]),
    )
