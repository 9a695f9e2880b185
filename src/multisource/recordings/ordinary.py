"""What is ordinary in a recording, as a file: its background, and what chance alone shows."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import numpy as np

from multisource.errors import UserError
from multisource.netcdf import Variable, read_arrays, write_arrays
from multisource.recordings.background import Background, measure_background
from multisource.recordings.chance import by_chance
from multisource.recordings.stretches import Stretches

_NAMES = ("frequency", "spectrum", "chance_spectrum", "chance_eeg")
MOST_CHANCE = 1000  # windows of chance that are kept


@dataclass(frozen=True)
class Ordinary:
    """What a source of a recording has to rise above.

    Attributes
    ----------
    background : Background
        Of the recording.
    chance : ndarray of shape (C, E, T)
        Windows that show chance alone, V.
    chance_background : Background
        Of these.
    """

    background: Background
    chance: np.ndarray
    chance_background: Background


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
    windows = np.array(
        [
            part[:, first : first + length]
            for part in nothing.parts
            for first in range(0, part.shape[1] - length + 1, length)
        ],
        np.float32,
    )
    if len(windows) > MOST_CHANCE:
        windows = windows[np.linspace(0, len(windows) - 1, MOST_CHANCE).round().astype(int)]
    # An average's noise is measured as it is, rhythms and all: none of it follows the event.
    continuous = not found.single
    chance = measure_background(nothing.parts, sfreq, aperiodic=continuous)
    own = measure_background(found.parts, sfreq, aperiodic=True) if continuous else chance
    return Ordinary(own, windows, chance)


def stored(ordinary: Ordinary) -> Ordinary:
    """Return what a file keeps: the same in single precision.

    Parameters
    ----------
    ordinary : Ordinary
        What was measured.

    Returns
    -------
    Ordinary
        What :func:`read_ordinary` reads.
    """
    own, chance = (
        replace(one, spectrum=one.spectrum.astype(np.float32).astype(float))
        for one in (ordinary.background, ordinary.chance_background)
    )
    return Ordinary(own, ordinary.chance.astype(np.float32).astype(float), chance)


def write_ordinary(path: str | os.PathLike[str], ordinary: Ordinary) -> None:
    """Write as netCDF.

    Parameters
    ----------
    path : str or path-like
        The output.
    ordinary : Ordinary
        What is written.
    """
    square = ("frequency", "channel", "other_channel")
    density = {"units": "V2/Hz"}
    variables: dict[str, Variable] = {
        "frequency": (("frequency",), ordinary.background.frequencies, {"units": "Hz"}),
        "spectrum": (square, ordinary.background.spectrum.astype(np.float32), density),
        "chance_spectrum": (
            square,
            ordinary.chance_background.spectrum.astype(np.float32),
            density,
        ),
        "chance_eeg": (
            ("chance", "channel", "time"),
            ordinary.chance.astype(np.float32),
            {"units": "V"},
        ),
    }
    write_arrays(path, variables, {"aperiodic": int(ordinary.background.aperiodic)})


def read_ordinary(path: str | os.PathLike[str]) -> Ordinary:
    """Read what :func:`write_ordinary` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Ordinary
        What was measured.

    Raises
    ------
    UserError
        If the file is of another kind.
    """
    found, attributes = read_arrays(path, *_NAMES)
    if set(found) != set(_NAMES):
        raise UserError(f"{path}: not the background of a recording; delete it and run again")
    frequency, own, chance, windows = (found[name].astype(float) for name in _NAMES)
    aperiodic = bool(attributes["aperiodic"])
    return Ordinary(
        Background(frequency, own, aperiodic), windows, Background(frequency, chance, aperiodic)
    )
