"""What a solver says of a recording, given what is ordinary in it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from multisource.certainty.chance import beyond_chance
from multisource.inverse.contract import Estimates, Study
from multisource.inverse.io import forward_of, read_forward
from multisource.inverse.registry import SOLVERS, estimates
from multisource.recordings.noise import measure, with_noise
from multisource.recordings.ordinary import Ordinary

if TYPE_CHECKING:
    from multisource.network.answers import TrainedNetwork

MOST_ASKED = 100  # windows of chance that a solver which takes long is asked of


def ask_solver(
    eeg: np.ndarray,
    sfreq: float,
    ordinary: Ordinary,
    *,
    channels: Sequence[str],
    forward: str | os.PathLike[str],
    settings: Mapping[str, Any],
    snr: float,
    smooth: int,
    study: Study | None,
    network: TrainedNetwork | None = None,
) -> Estimates:
    """Ask a solver what is active in the windows of a recording.

    Parameters
    ----------
    eeg : ndarray of shape (S, E, T)
        Windows, V.
    sfreq : float
        Sampling rate, Hz.
    ordinary : Ordinary
        What was measured of the recording.
    channels : sequence of str
        Names of the E channels.
    forward : str or path-like
        The operator that it is given, ``*-fwd.fif``; it may have more channels.
    settings : mapping
        Its kind and options. One that takes a noise covariance and names none is given that of the
        recording's background.
    snr : float
        Amplitude signal-to-noise ratio, where the settings name none.
    smooth : int
        Steps of averaging over neighbours on the cortex, for a linear solver.
    study : Study or None
        How the study's sources behave, for a solver that asks for it.
    network : TrainedNetwork, optional
        Whose maps a solver that asks for them is given.

    Returns
    -------
    Estimates
        Maps and more.
    """
    operator = forward_of(read_forward(forward), channels)
    chosen = {"snr": snr} | with_noise(settings, operator, ordinary.background)
    given = {"forward": operator, "sfreq": sfreq, "smooth": smooth, "study": study}
    if "measured" in SOLVERS.offered(settings["kind"]):
        given["measured"] = measure(operator, ordinary.background)

    def ask(windows: np.ndarray) -> Estimates:
        maps = None if network is None else _proposed(network, windows, channels, ordinary)
        return estimates(eeg=windows, proposal=maps, **given, **chosen)

    found = ask(eeg)
    if found.coefficients is None:
        return found
    # It says how probable activity is, by a model that real EEG is only roughly like.
    chance = ordinary.chance[:: max(1, -(-len(ordinary.chance) // MOST_ASKED))]
    nothing = ask(chance)
    presence = beyond_chance(found.maps.max(axis=1), nothing.maps.max(axis=1))
    return weighted(found, presence)


def _proposed(
    network: TrainedNetwork, eeg: np.ndarray, channels: Sequence[str], ordinary: Ordinary
) -> np.ndarray:
    """Return where a network sees most in windows, whether that is more than chance or not."""
    from multisource.recordings.measured import show_recording

    network.check(channels, eeg.shape[2])
    # The same bits on any number of cores.
    return show_recording(network.network, eeg, ordinary, threads=1).maps.estimate


def weighted(found: Estimates, presence: np.ndarray) -> Estimates:
    """Multiply what a solver says by the probability that there is anything.

    Parameters
    ----------
    found : Estimates
        Of S windows, of a solver whose maps are P(active).
    presence : ndarray of shape (S,)
        The probability.

    Returns
    -------
    Estimates
        Maps, coefficients, ``presence`` and the probabilities of sources and of their numbers, but
        for that of none, times the probability.
    """
    factor = presence[:, None].astype(np.float32)
    variables = dict(found.variables)
    for name in ("presence", "source_probability"):
        if name in variables:
            dims, values, attributes = variables[name]
            shape = (-1,) + (1,) * (np.ndim(values) - 1)
            variables[name] = (dims, values * presence.reshape(shape), attributes)
    if "number_probability" in variables:
        dims, values, attributes = variables["number_probability"]
        some = values[:, 1:] * presence[:, None]
        none = 1 - some.sum(axis=1, keepdims=True)
        variables["number_probability"] = (dims, np.hstack([none, some]), attributes)
    coefficients = None if found.coefficients is None else found.coefficients * factor
    return Estimates(found.maps * factor, coefficients, variables)
