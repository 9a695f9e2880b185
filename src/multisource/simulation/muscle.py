"""Artefacts of muscles: local patterns at the rim of the cap, broad-band above some 25 Hz.

Coordinates: surface RAS, y to the front.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from multisource.simulation.ar import model_from_spectrum, stationary_series, window_factor
from multisource.simulation.contract import Event
from multisource.simulation.topography import head_sphere, referenced

FADE_S = 0.15
MUSCLE_MM = 30.0
MUSCLE_MEMORY_S = 0.08
SHORT = 256  # samples that are drawn by the factor of their covariance, which is kept
# Directions from the middle of the head: temporalis, frontalis and neck, both sides.
MUSCLES = np.array(
    [[s * x, y, z] for s in (-1, 1) for x, y, z in ((0.95, 0.1, -0.3), (0.6, 0.7, -0.3),
                                                    (0.5, -0.8, -0.35))]
)  # fmt: skip


def muscle(
    electrodes: np.ndarray, times: np.ndarray, generator: np.random.Generator, *, window_s: float
) -> Event:
    """Draw a burst of one muscle, which fills its window and fades before and after it.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm.
    times : ndarray of shape (T,)
        Times, s, 0 at the start of the event's window, evenly spaced.
    generator : numpy.random.Generator
        Random numbers of the event.
    window_s : float
        Length of a window, s.

    Returns
    -------
    Event
        The muscle's topography, and its course with a standard deviation of 1 in the window.
    """
    patterns = _kept(np.ascontiguousarray(electrodes, dtype=float).tobytes())
    pattern = patterns[generator.integers(len(patterns))]
    envelope = burst_course(times, window_s)
    inside = np.flatnonzero(envelope > 0)
    course = np.zeros(len(times))
    if len(times) > 1 and len(inside):
        sfreq = round(1 / (times[1] - times[0]), 6)
        course[inside] = envelope[inside] * _activity(sfreq, len(inside), generator)
    return Event(pattern, course)


def _activity(sfreq: float, n_times: int, generator: np.random.Generator) -> np.ndarray:
    """Draw a series (T,) of unit variance."""
    if n_times <= SHORT:
        drawn: np.ndarray = _factor(sfreq, n_times) @ generator.standard_normal(n_times)
        return drawn
    return stationary_series(muscle_model(sfreq), 1, n_times, generator)[0]


@lru_cache(maxsize=16)
def _factor(sfreq: float, n_times: int) -> np.ndarray:
    return window_factor(muscle_model(sfreq), n_times)


@lru_cache(maxsize=16)  # a montage has one, which thousands of events need
def _kept(electrodes: bytes) -> np.ndarray:
    return muscle_topographies(np.frombuffer(electrodes).reshape(-1, 3))


def muscle_topographies(electrodes: np.ndarray) -> np.ndarray:
    """Return the topographies of the muscles of ``MUSCLES``.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Positions, surface RAS, mm.

    Returns
    -------
    ndarray of shape (6, E)
        Potentials in average reference, each 1 at its most affected channel.
    """
    centre, radius = head_sphere(electrodes)
    distance = np.linalg.norm(electrodes[None] - (centre + radius * MUSCLES)[:, None], axis=2)
    nearest = distance.min(axis=1, keepdims=True)
    local = np.exp(-0.5 * ((distance - nearest) / MUSCLE_MM) ** 2)
    return np.stack([referenced(pattern) for pattern in local])


def burst_course(times: np.ndarray, window_s: float) -> np.ndarray:
    """Return the envelope of a burst: 1 in its window, smoothly from 0 and to 0 within 0.15 s.

    Parameters
    ----------
    times : ndarray of shape (T,)
        Times, s, 0 at the start of the window.
    window_s : float
        Length of the window, s.

    Returns
    -------
    ndarray of shape (T,)
        The envelope, 0 to 1.
    """
    outside = np.maximum(-times, times - window_s)
    return np.cos(0.5 * np.pi * np.clip(outside / FADE_S, 0, 1)) ** 2 * (outside < FADE_S)


@lru_cache(maxsize=16)
def muscle_model(sfreq: float) -> np.ndarray:
    """Return the AR model of muscle activity: broad, above some 25 Hz, falling beyond 100 Hz.

    Parameters
    ----------
    sfreq : float
        Sampling rate, Hz.

    Returns
    -------
    ndarray of shape (p,)
        AR coefficients that reach 0.08 s back.
    """
    freqs = np.linspace(0, sfreq / 2, 4097)
    high = (freqs / 25) ** 4
    density = 1e-3 + high / (1 + high) / (1 + (freqs / 100) ** 2)
    return model_from_spectrum(density, sfreq, round(MUSCLE_MEMORY_S * sfreq), "muscle activity")
