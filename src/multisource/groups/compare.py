"""The maps of a group, and of what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from multisource.evaluation.estimates import read_estimates
from multisource.groups.values import Maps, people_maps
from multisource.recordings.moments import Chosen
from multisource.recordings.windows import moments, over_epochs, window_length
from multisource.simulation.chunks import read_chunk

BEFORE = "the windows before the event"
People = Mapping[str, Sequence[str]]
FilePath = str | Path


def read_maps(estimates: FilePath, windows: FilePath) -> Maps:
    """Read the maps of a recording, the mean over its epochs.

    Parameters
    ----------
    estimates : path
        Maps of one method.
    windows : path
        The windows that they are of.

    Returns
    -------
    Maps
        What is read.
    """
    data = read_chunk(windows)
    times, which = moments(data)
    return Maps(over_epochs(read_estimates(estimates), which), times, window_length(data))


def compared_maps(
    recordings: Mapping[str, Maps],
    cortex: np.ndarray,
    members: People,
    others: People,
    *,
    before: bool,
    relative: bool,
    moment_s: Chosen | None,
    key: str,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the maps of people, and those that they are compared with.

    Parameters
    ----------
    recordings : mapping of str to Maps
        All recordings that are needed.
    cortex : ndarray of bool, shape (N,)
        Where there is cortex.
    members, others : mapping of str to sequence of str
        Person to recordings, of the group and of the one that it is compared with; none without.
    before : bool
        Whether a group without another is compared with the windows before its event.
    relative, moment_s, key : bool, float or sequence of float, str
        As for :func:`multisource.groups.values.people_maps`.

    Returns
    -------
    shown : ndarray of shape (S, N)
        A map of each person.
    other : ndarray of shape (S, N) or None
        What it is compared with; None where there is nothing.
    """

    def of(people: People, *, before: bool = False) -> np.ndarray:
        return people_maps(
            people,
            recordings,
            cortex,
            relative=relative,
            moment_s=moment_s,
            before=before,
            key=key,
        )

    if others:
        return of(members), of(others)
    return of(members), of(members, before=True) if before else None
