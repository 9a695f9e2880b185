"""What is ordinary in a recording, as a file: its background, and what chance alone shows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from multisource.errors import UserError
from multisource.netcdf import Variable, read_arrays, write_arrays
from multisource.recordings.background import Background
from multisource.simulation.chunks import read_eeg

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


def against(other: Ordinary, eeg: np.ndarray, *, name: str) -> Ordinary:
    """Return another recording as what a source has to rise above: a contrast of power.

    Parameters
    ----------
    other : Ordinary
        What was measured of the other recording.
    eeg : ndarray of shape (S, E, T)
        Its windows, V.
    name : str
        How messages call it.

    Returns
    -------
    Ordinary
        The other recording's spectrum with its rhythms, and its own windows in the place of chance,
        at most 1000 of them.

    Raises
    ------
    UserError
        If the other recording is an average.
    """
    if not other.background.aperiodic:
        raise UserError(
            f"recordings.{name}: it is an average and the recording against it is not; average "
            "both (a difference of what they evoke) or neither (a contrast of power)"
        )
    whole = replace(other.background, aperiodic=False)
    return Ordinary(whole, thinned(np.asarray(eeg, float)), whole)


def thinned(windows: np.ndarray) -> np.ndarray:
    """Leave out windows of chance beyond those that are kept.

    Parameters
    ----------
    windows : ndarray of shape (C, E, T)
        Windows, V.

    Returns
    -------
    ndarray of shape (C', E, T)
        At most ``MOST_CHANCE`` of them, evenly over all.
    """
    if len(windows) <= MOST_CHANCE:
        return windows
    return np.asarray(windows[np.linspace(0, len(windows) - 1, MOST_CHANCE).round().astype(int)])


def ordinary_of(path: str | os.PathLike[str], other: Sequence[str | os.PathLike[str]]) -> Ordinary:
    """Read what a recording has to rise above.

    Parameters
    ----------
    path : str or path-like
        What was measured of it.
    other : sequence of path-like
        Windows of the recording that it is contrasted with, and what was measured of that one;
        nothing where there is none.

    Returns
    -------
    Ordinary
        Its own, or the other's. An average has its own: the other one was subtracted from it.
    """
    own = read_ordinary(path)
    if not other or not own.background.aperiodic:
        return own
    windows, measured = other
    return against(
        read_ordinary(measured), read_eeg([Path(windows)]).eeg, name=Path(windows).parent.name
    )


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
