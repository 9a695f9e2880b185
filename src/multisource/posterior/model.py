"""What the likelihood of patches is computed from: whitened leadfield, spectra, neighbours.

Space is whitened by the covariance of the background, which is that of independent dipoles all over
the cortex; the average reference is taken out with it. Time is whitened by the mean autocovariance
of the AR models. In these coordinates the background is white, and white sensor noise is diagonal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from scipy.linalg import toeplitz
from scipy.spatial.distance import cdist

from multisource.errors import UserError
from multisource.simulation.ar import ARModels, autocovariance
from multisource.simulation.project import background_components

# Components of time whose noise levels differ by less than this factor share one covariance.
_ALIKE = 2.5
_ROWS = 256  # of a matrix of distances at a time


class Geometry(NamedTuple):
    """The dipoles as the compiled functions take them.

    Attributes
    ----------
    rows : ndarray of shape (N, r)
        Whitened leadfield, one row per dipole, float32.
    start : ndarray of shape (N + 1,)
        The neighbours of dipole i are ``near[start[i]:start[i + 1]]``, nearest first.
    near : ndarray of shape (Q,)
        The neighbours within the largest radius of a patch, the dipole itself first.
    distance : ndarray of shape (Q,)
        Their distances, mm, float32.
    allowed : ndarray of shape (M,)
        Dipoles that may be a patch's centre.
    permitted : ndarray of shape (N,)
        Whether a dipole may be a patch's centre.
    places : ndarray of shape (N, 3)
        Positions, mm.
    beside : ndarray of shape (r, r)
        Covariance of what disturbs the window beside the brain, white over time.
    """

    rows: np.ndarray
    start: np.ndarray
    near: np.ndarray
    distance: np.ndarray
    allowed: np.ndarray
    permitted: np.ndarray
    places: np.ndarray
    beside: np.ndarray


class Spectra(NamedTuple):
    """Noise and time courses in the whitened coordinates.

    Attributes
    ----------
    noise : ndarray of shape (r,)
        Variance of white sensor noise along each coordinate of space, relative to the background's,
        where the noise's variance is the background's at the mean channel.
    group : ndarray of shape (G + 1,)
        The components of time of group g are ``group[g]`` to ``group[g + 1] - 1``.
    level : ndarray of shape (G,)
        Variance of noise, white in time, in the components of a group; 1 on average over time.
    roots : ndarray of shape (C, T)
        Standard deviation of a patch's time course of class c along each component.
    shares : ndarray of shape (C,)
        The part of the dipoles in each class.
    """

    noise: np.ndarray
    group: np.ndarray
    level: np.ndarray
    roots: np.ndarray
    shares: np.ndarray


@dataclass(frozen=True)
class PatchModel:
    """A leadfield and AR models, prepared.

    Attributes
    ----------
    geometry : Geometry
        The dipoles.
    spectra : Spectra
        Noise and time courses.
    space : ndarray of shape (r, E)
        Whitening of channels, 1/V, for a background of unit moment (1 A m).
    time : ndarray of shape (T, T)
        Whitening of time: a window is multiplied with it from the right.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    """

    geometry: Geometry
    spectra: Spectra
    space: np.ndarray
    time: np.ndarray
    positions: np.ndarray

    def whitened(self, eeg: np.ndarray, *, background_nam: float) -> np.ndarray:
        """Whiten windows.

        Parameters
        ----------
        eeg : ndarray of shape (..., E, T)
            Windows in V.
        background_nam : float
            Standard deviation of a background dipole, nAm.

        Returns
        -------
        ndarray of shape (..., r, T)
            Windows in which the background is white and of unit variance.

        Raises
        ------
        UserError
            If the windows have other channels or another length.
        """
        shape = len(self.space[0]), len(self.time)
        if np.shape(eeg)[-2:] != shape:
            raise UserError(f"eeg: windows of shape {np.shape(eeg)[-2:]}; the model's have {shape}")
        scaled = np.asarray(eeg, float) / (background_nam * 1e-9)
        return np.ascontiguousarray(self.space @ scaled @ self.time)

    @cached_property
    def from_whitened(self) -> np.ndarray:
        """The inverse of ``time`` (T, T): time courses from whitened ones."""
        return np.linalg.inv(self.time)

    def disturbed(self, column: np.ndarray, strength: float) -> PatchModel:
        """Return the model with one more disturbance.

        Parameters
        ----------
        column : ndarray of shape (r,)
            Its whitened topography.
        strength : float
            Variance of its course, which is white in the whitened time.

        Returns
        -------
        PatchModel
            The model of a window that has it.
        """
        beside = self.geometry.beside + strength * np.outer(column, column)
        return replace(self, geometry=self.geometry._replace(beside=beside))


def build_model(
    gain: np.ndarray,
    positions: np.ndarray,
    models: ARModels,
    *,
    n_times: int,
    largest_mm: float,
    cortex: np.ndarray | None = None,
) -> PatchModel:
    """Prepare a leadfield and AR models.

    Parameters
    ----------
    gain : ndarray of shape (E, N)
        Leadfield of fixed orientation, V/(A m), of any reference.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    models : ARModels
        Models of the time courses at the windows' rate.
    n_times : int
        T, samples of a window.
    largest_mm : float
        Largest extent of a patch, a diameter in mm.
    cortex : ndarray of shape (N,), bool, optional
        Where patches may be centred; by default everywhere.

    Returns
    -------
    PatchModel
        The model.

    Raises
    ------
    UserError
        If the shapes do not fit.
    """
    if gain.ndim != 2 or np.shape(positions) != (gain.shape[1], 3):
        raise UserError(f"leadfield: shape {gain.shape} does not fit {len(positions)} positions")
    allowed = np.arange(len(positions)) if cortex is None else np.flatnonzero(cortex)
    permitted = np.zeros(len(positions), bool)
    permitted[allowed] = True
    gain = np.asarray(gain, float)
    gain = gain - gain.mean(axis=0)
    values, vectors = background_components(gain)
    space = vectors.T / np.sqrt(values)[:, None]
    start, near, distance = neighbours(positions, largest_mm / 2)
    geometry = Geometry(
        np.ascontiguousarray((space @ gain).T, dtype=np.float32),
        start,
        near,
        distance,
        allowed.astype(np.int32),
        permitted,
        np.ascontiguousarray(positions, dtype=float),
        np.zeros((len(space), len(space))),
    )
    noise = values.sum() / len(gain) / values
    spectra, time = _spectra(models, n_times, noise)
    return PatchModel(geometry, spectra, space, time, np.asarray(positions, float))


def neighbours(
    positions: np.ndarray, radius_mm: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the dipoles near each dipole, the nearest first and itself among them.

    Parameters
    ----------
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    radius_mm : float
        Largest distance, mm; dipoles at this distance are left out, as the rim of a patch is.

    Returns
    -------
    start : ndarray of shape (N + 1,)
        Where the neighbours of each dipole begin.
    near : ndarray of shape (Q,)
        The neighbours, int32.
    distance : ndarray of shape (Q,)
        Their distances, mm, float32.
    """
    return _neighbours(np.asarray(positions, float).tobytes(), radius_mm)


@lru_cache(maxsize=2)  # They take most of a second, and a solver is given the scenarios one by one.
def _neighbours(places: bytes, radius_mm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    positions = np.frombuffer(places).reshape(-1, 3)
    counts, near, distances = [], [], []
    for first in range(0, len(positions), _ROWS):
        for distance in cdist(positions[first : first + _ROWS], positions):
            found = np.flatnonzero(distance < radius_mm)
            order = distance[found].argsort(kind="stable")  # equal ones by their number
            counts.append(len(found))
            near.append(found[order].astype(np.int32))
            distances.append(distance[found[order]].astype(np.float32))
    start = np.concatenate([[0], np.cumsum(counts)])
    return start, np.concatenate(near), np.concatenate(distances)


def _spectra(models: ARModels, n_times: int, noise: np.ndarray) -> tuple[Spectra, np.ndarray]:
    shares = np.asarray(models.shares, float)
    shares = shares / shares.sum()
    covariances = np.stack([toeplitz(autocovariance(a, n_times)) for a in models.coefficients])
    values, vectors = np.linalg.eigh(np.einsum("c,cij->ij", shares, covariances))
    # Slow, strong components first.
    values, time = values[::-1], (vectors / np.sqrt(values))[:, ::-1]
    courses = np.einsum("tk,ctu,uk->ck", time, covariances, time)
    level = 1 / values
    group = [0]
    for k in range(1, n_times):
        if level[k] > _ALIKE * level[group[-1]]:
            group.append(k)
    group.append(n_times)
    means = [level[a:b].mean() for a, b in zip(group[:-1], group[1:], strict=True)]
    return (
        Spectra(noise, np.array(group), np.array(means), np.sqrt(courses), shares),
        np.ascontiguousarray(time),
    )
