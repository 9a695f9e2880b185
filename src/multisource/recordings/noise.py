"""The background of a recording, for the solvers that take a noise covariance or its level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from multisource.inverse.contract import Measured
from multisource.inverse.registry import options
from multisource.inverse.solver_leadfield import background_covariance, prepare
from multisource.recordings.background import Background, fit_level
from multisource.simulation.project import background_components

if TYPE_CHECKING:
    import mne


def noise_covariance(forward: mne.Forward, background: Background) -> np.ndarray:
    """Return the covariance of a recording's background.

    Parameters
    ----------
    forward : mne.Forward
        Operator that the solver is given, free orientation.
    background : Background
        Of the recording, of the same E channels.

    Returns
    -------
    ndarray of shape (E, E)
        V^2, average reference. The components of the brain's background, as this operator shows
        it, are taken for independent: what else a short recording says of them is chance.
    """
    values, vectors = np.linalg.eigh(background_covariance(forward, white=0.0))
    return background.covariance(vectors[:, values > 1e-9 * values[-1]].T)


def with_noise(
    settings: Mapping[str, Any], forward: mne.Forward, background: Background
) -> dict[str, Any]:
    """Give a solver the noise of a recording.

    Parameters
    ----------
    settings : mapping
        Kind and options of a solver.
    forward : mne.Forward
        Operator that it is given.
    background : Background
        Of the recording.

    Returns
    -------
    dict
        The settings, with ``noise`` where the solver takes one and they do not name it.
    """
    if "noise" in options(settings["kind"]) and "noise" not in settings:
        return {**settings, "noise": noise_covariance(forward, background)}
    return dict(settings)


def measure(forward: mne.Forward, background: Background) -> Measured:
    """Say which background of dipoles, and which level of noise, a recording's is most like.

    Parameters
    ----------
    forward : mne.Forward
        Operator that the solver is given, free orientation.
    background : Background
        Of the recording, of the same E channels.

    Returns
    -------
    Measured
        Amplitude and level.
    """
    gain = prepare(forward, "fixed").gain
    values, vectors = background_components(gain)
    variance = background.of_components(vectors.T, 1)[:, 0]
    scale, level = fit_level(values / values.mean(), np.maximum(variance, 1e-9 * variance.max()))
    # The level is over the mean of the components, of which there is one less than channels.
    share = len(gain) / len(values)
    return Measured(1e9 * float(np.sqrt(scale / values.mean())), level * share)
