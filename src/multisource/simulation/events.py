"""Events of the registered disturbances on simulated EEG.

Every disturbance has numbers of its own, by its name: another one beside it changes none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from multisource.errors import UserError
from multisource.simulation import streams
from multisource.simulation.registry import DISTURBANCES
from multisource.simulation.settings import SHARED_OPTIONS, Settings
from multisource.simulation.streams import Purpose
from multisource.simulation.topography import referenced


def add_to_samples(
    eeg: np.ndarray,
    electrodes: np.ndarray,
    settings: Settings,
    *,
    key: np.ndarray,
    indices: np.ndarray,
) -> np.ndarray:
    """Add events to windows, in place.

    Parameters
    ----------
    eeg : ndarray of shape (S, E, T)
        Windows, V.
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm.
    settings : Settings
        Which disturbances there are.
    key : ndarray of shape (2,)
        Key of the split.
    indices : ndarray of shape (S,)
        Number of each window in its split.

    Returns
    -------
    ndarray of shape (S, D)
        Whether a window has an event of each of the D disturbances, in the order of their names.
    """
    hits = np.zeros((len(eeg), len(settings.events)), dtype=bool)
    times = np.arange(eeg.shape[2]) / settings.sfreq
    for column, (name, chosen) in enumerate(sorted(settings.events.items())):
        for window, volt, generator in _drawn(name, chosen, key, indices):
            eeg[window] += volt * _potential(
                name, chosen, electrodes, times, generator, settings.window_s
            )
            hits[window, column] = True
    return hits


def add_to_recording(
    eeg: np.ndarray, electrodes: np.ndarray, settings: Settings, *, key: np.ndarray
) -> np.ndarray:
    """Add events to a continuous recording, in place.

    Parameters
    ----------
    eeg : ndarray of shape (E, T)
        Recording, V.
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm.
    settings : Settings
        Which disturbances there are.
    key : ndarray of shape (2,)
        Key of the recording.

    Returns
    -------
    ndarray of shape (S, D)
        Whether each window was given an event; an event may go on in the windows beside it.
    """
    windows = np.arange(eeg.shape[1] // settings.n_times)
    hits = np.zeros((len(windows), len(settings.events)), dtype=bool)
    times = np.arange(eeg.shape[1]) / settings.sfreq
    for column, (name, chosen) in enumerate(sorted(settings.events.items())):
        for window, volt, generator in _drawn(name, chosen, key, windows):
            since = times - window * settings.window_s
            eeg += volt * _potential(name, chosen, electrodes, since, generator, settings.window_s)
            hits[window, column] = True
    return hits


def _drawn(
    name: str, chosen: Mapping[str, Any], key: np.ndarray, indices: np.ndarray
) -> Iterator[tuple[int, float, np.random.Generator]]:
    """Yield (window, size in V, random numbers) of every event of a disturbance."""
    own = streams.named_key(key, name)
    chance, size = streams.uniforms(own, Purpose.DISTURBANCES, indices, 2).T
    low, high = chosen["uv"]
    for window in np.flatnonzero(chance < chosen["chance"]).tolist():
        volt = 1e-6 * (low + (high - low) * size[window])
        yield window, volt, streams.sample_generator(own, indices[window])


def _potential(
    name: str,
    chosen: Mapping[str, Any],
    electrodes: np.ndarray,
    times: np.ndarray,
    generator: np.random.Generator,
    window_s: float,
) -> np.ndarray:
    """Potential (E, T) of one event of size 1."""
    options = {key: value for key, value in chosen.items() if key not in SHARED_OPTIONS}
    pattern, course = DISTURBANCES.call(
        name, electrodes, times, generator, given={"window_s": window_s}, chosen=options
    )
    for part, shape in (("pattern", (len(electrodes),)), ("course", times.shape)):
        values = pattern if part == "pattern" else course
        if np.shape(values) != shape or not np.isfinite(values).all():
            raise UserError(
                f"simulation.disturbances.{name}: its {part} has shape {np.shape(values)}; return "
                f"{shape} finite numbers"
            )
    if np.ptp(pattern) == 0:
        raise UserError(
            f"simulation.disturbances.{name}: its pattern is the same at all electrodes, which the "
            "average reference takes out; return one that differs"
        )
    return referenced(pattern)[:, None] * course
