"""Electrode pops: the contact of one electrode jumps and recovers."""

from __future__ import annotations

import numpy as np

from multisource.simulation.contract import Event


def pop(
    electrodes: np.ndarray,
    times: np.ndarray,
    generator: np.random.Generator,
    *,
    window_s: float,
    decay_s: float = 0.2,
) -> Event:
    """Draw a pop: a step at one electrode, up or down, that decays exponentially.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm.
    times : ndarray of shape (T,)
        Times, s, 0 at the start of the event's window.
    generator : numpy.random.Generator
        Random numbers of the event.
    window_s : float
        Length of a window, s: the step lies within.
    decay_s : float
        Time in which the potential falls to 1/e, s.

    Returns
    -------
    Event
        One electrode, and the potential from the step on.
    """
    pattern = np.zeros(len(electrodes))
    pattern[generator.integers(len(electrodes))] = generator.choice([-1.0, 1.0])
    since = times - generator.uniform(0, window_s)
    return Event(pattern, np.where(since < 0, 0.0, np.exp(-np.maximum(since, 0) / decay_s)))
