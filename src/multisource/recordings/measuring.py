"""What is ordinary in a recording, measured on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from multisource.recordings.background import Background, measure_background
from multisource.recordings.chance import by_chance
from multisource.recordings.ordinary import Ordinary, thinned
from multisource.recordings.stretches import Stretches


def measure_ordinary(found: Stretches, *, sfreq: float, window_s: float, seed: int) -> Ordinary:
    """Measure what is ordinary in a recording.

    Parameters
    ----------
    found : Stretches
        What was read.
    sfreq : float
        Sampling rate, Hz.
    window_s : float
        Length of a window, s.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    Ordinary
        What was measured, with at most 1000 windows of chance.
    """
    nothing = by_chance(found, sfreq=sfreq, window_s=window_s, seed=seed)
    length = round(window_s * sfreq)
    # All in the precision of its file, so that it is the same read as measured.
    windows = np.array(
        [
            part[:, first : first + length]
            for part in nothing
            for first in range(0, part.shape[1] - length + 1, length)
        ],
        np.float32,
    )
    windows = thinned(windows).astype(float)
    # An average's noise is measured as it is, rhythms and all: none of it follows the event.
    continuous = not found.single and found.before is None
    chance = _single(measure_background(nothing, sfreq, aperiodic=continuous))
    own = _single(measure_background(found.parts, sfreq, aperiodic=True)) if continuous else chance
    return Ordinary(own, windows, chance)


def _single(measured: Background) -> Background:
    return replace(measured, spectrum=measured.spectrum.astype(np.float32).astype(float))
