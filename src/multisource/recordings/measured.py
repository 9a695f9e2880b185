"""Maps of a network whose whitening is measured on the recording itself.

The network whitens each component of space and time by the background that the leadfield predicts,
and estimates its scale and the level of noise from the window itself. Real EEG differs from that
prediction in ways that are no white noise, so that a window alone misleads it. A recording as a
whole tells both. Two whitenings follow from what was measured:

* the model's own form, scale * (gain * speed + level), with the level that fits the measured
  variances best, and their decay with frequency. The network learnt in it, so that the map is made
  in it;
* the measured variances themselves, component by component. A source that rises above them rises
  above everything that is ordinary in this recording. How much a window shows is measured in it.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
import torch
from scipy.linalg import toeplitz
from torch import nn

from multisource.certainty.chance import beyond_chance
from multisource.network.covariance import CovarianceFeatures
from multisource.network.prediction import Maps, map_windows, predict
from multisource.recordings.background import Background, fit_level
from multisource.recordings.ordinary import Ordinary

LEAST_LEVEL = 1e-2  # what the strict map reckons with: the network knows nearly no noise


class Whitening(NamedTuple):
    """Variance of the components of a window.

    Attributes
    ----------
    variance : ndarray of shape (E - 1, T)
        Of every component of space and time, V^2.
    speed : ndarray of shape (T,)
        Of the background's components of time, 1 on average.
    level : float
        Variance of white noise over the background's mean one.
    bulk : float
        The lowest eigenvalues of a window's covariance, on average, where there is nothing but this
        background.
    """

    variance: np.ndarray
    speed: np.ndarray
    level: float
    bulk: float


class Shown(NamedTuple):
    """What a network shows in the S windows of a recording.

    Attributes
    ----------
    maps : Maps
        P(active) and E[l] of every dipole, were there anything.
    presence : ndarray of shape (S,)
        Probability that there is: that a window shows more than chance does.
    """

    maps: Maps
    presence: np.ndarray

    @property
    def weighted(self) -> Maps:
        """P(active) and E[l] of every dipole: the maps times the presence."""
        factor = self.presence[:, None].astype(np.float32)
        estimate, coefficient = self.maps
        return Maps(estimate * factor, None if coefficient is None else coefficient * factor)


def show_recording(
    network: nn.Module, eeg: np.ndarray, ordinary: Ordinary, *, threads: int | None = None
) -> Shown:
    """Map the windows of a recording, and say what in them is more than chance.

    Parameters
    ----------
    network : torch.nn.Module
        A trained network. One that cannot be given a background (:func:`measurable`) is asked as
        it is; what its maps of chance show still says what theirs are worth.
    eeg : ndarray of shape (S, E, T)
        Windows, V.
    ordinary : Ordinary
        What was measured of the recording.
    threads : int, optional
        As for :func:`~multisource.network.prediction.predict`.

    Returns
    -------
    Shown
        Maps and presence.
    """
    if not measurable(network):
        maps = predict(network, eeg, threads=threads)
        nothing = predict(network, ordinary.chance, threads=threads)
        return Shown(maps, _presence(maps, nothing))
    fitted, strict = whitenings(network, ordinary.background)
    _, by_chance = whitenings(network, ordinary.chance_background)
    maps = map_measured(network, eeg, fitted, threads=threads)
    shown = map_measured(network, eeg, strict, threads=threads)
    nothing = map_measured(network, ordinary.chance, by_chance, threads=threads)
    return Shown(maps, _presence(shown, nothing))


def _presence(shown: Maps, nothing: Maps) -> np.ndarray:
    return beyond_chance(shown.estimate.max(axis=1), nothing.estimate.max(axis=1))


def measurable(network: nn.Module) -> bool:
    """Say whether a network can be given a measured background.

    Parameters
    ----------
    network : torch.nn.Module
        A trained network.

    Returns
    -------
    bool
        True for one that stands on the whitened covariance.
    """
    return isinstance(getattr(network, "standardise", None), CovarianceFeatures)


def whitenings(network: nn.Module, background: Background) -> tuple[Whitening, Whitening]:
    """Return the whitening in the model's form, and the measured one.

    Parameters
    ----------
    network : torch.nn.Module
        One that is :func:`measurable`.
    background : Background
        Of the recording.

    Returns
    -------
    fitted, strict : Whitening
        As the module describes them.
    """
    features = network.standardise
    assert isinstance(features, CovarianceFeatures)
    space, time = features.spatial.double().numpy(), features.temporal.double().numpy()
    lags = background.of_components(space, len(time))
    variance = np.array([np.einsum("tk,tu,uk->k", time, toeplitz(row), time) for row in lags])
    return whitenings_of(network, variance)


def whitenings_of(network: nn.Module, variance: np.ndarray) -> tuple[Whitening, Whitening]:
    """Return the whitenings that variances of components make.

    Parameters
    ----------
    network : torch.nn.Module
        One that is :func:`measurable`.
    variance : ndarray of shape (E - 1, T)
        Of every component of space and time, V^2.

    Returns
    -------
    fitted, strict : Whitening
        As the module describes them.
    """
    features = network.standardise
    assert isinstance(features, CovarianceFeatures)
    gain = features.gain.double().numpy()
    variance = np.maximum(variance, 1e-9 * variance.max())
    speed = variance.mean(axis=0) / variance.mean()
    scale, level = fit_level(gain, variance.mean(axis=1))
    fitted = scale * (gain[:, None] * speed + level)

    def bulk(level: float) -> float:
        return features.expected_bulk(torch.from_numpy(speed), level)

    return (
        Whitening(fitted, speed, level, bulk(level)),
        Whitening(variance, speed, LEAST_LEVEL, bulk(LEAST_LEVEL)),
    )


def map_measured(
    network: nn.Module, eeg: np.ndarray, whitening: Whitening, *, threads: int | None = None
) -> Maps:
    """Estimate the activity of every dipole and window, whitened by what was measured.

    Parameters
    ----------
    network : torch.nn.Module
        One that is :func:`measurable`.
    eeg : ndarray of shape (S, E, T)
        Windows, V.
    whitening : Whitening
        Of :func:`whitenings`.
    threads : int, optional
        As for :func:`~multisource.network.prediction.predict`.

    Returns
    -------
    Maps
        The maps.
    """
    variance = torch.from_numpy(whitening.variance)
    speed = torch.from_numpy(whitening.speed)

    parts = cast(Any, network)

    def logits(windows: torch.Tensor) -> torch.Tensor:
        repaired = parts.repair(windows)
        white = parts.standardise.measured(
            repaired, variance, speed, whitening.level, whitening.bulk
        )
        return cast(torch.Tensor, parts.answer(*parts.describe(white)))

    return map_windows(network, logits, eeg, threads=threads)
