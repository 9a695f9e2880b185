"""The one map of a person that a group is made of, in a unit that people share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from multisource.errors import UserError
from multisource.recordings.moments import Chosen, windows_at


@dataclass(frozen=True)
class Maps:
    """Maps of a recording by one method.

    Attributes
    ----------
    values : ndarray of shape (M, N)
        Of each of M windows, at N dipoles.
    times : ndarray of shape (M,)
        When each window starts, s from the event or of the recording.
    window_s : float
        Length of a window, s.
    """

    values: np.ndarray
    times: np.ndarray
    window_s: float


def windows_before(times: np.ndarray, *, window_s: float, name: str) -> np.ndarray:
    """Find the windows that end before the event.

    Parameters
    ----------
    times : ndarray of shape (M,)
        When each window starts, s from the event.
    window_s : float
        Length of a window, s.
    name : str
        Of the recording, for messages.

    Returns
    -------
    ndarray of int
        Their numbers.

    Raises
    ------
    UserError
        If there is none.
    """
    found = np.flatnonzero(times + window_s <= 1e-9)
    if not len(found):
        raise UserError(
            f"recordings.{name}: no window ends before the event, so that a group has nothing to "
            f"compare with; give tmin_s {-window_s:g} or less, or the group another in against"
        )
    return found


def person_map(
    maps: Sequence[np.ndarray], windows: Sequence[np.ndarray], cortex: np.ndarray, *, relative: bool
) -> np.ndarray:
    """Average the maps of a person's recordings.

    Parameters
    ----------
    maps : sequence of ndarray of shape (M_i, N)
        Maps of each recording.
    windows : sequence of ndarray of int
        Which windows of each are averaged.
    cortex : ndarray of bool, shape (N,)
        Where there is cortex.
    relative : bool
        Whether each window is divided by its mean over the cortex. A solver scales a map by its
        window, so that its values have no unit; what it says is where. The probabilities of a
        network are left as they are.

    Returns
    -------
    ndarray of shape (N,)
        The mean over the windows of each recording, then over the recordings.
    """
    means = []
    for values, chosen in zip(maps, windows, strict=True):
        shown = np.asarray(values[chosen], float)
        if relative:
            level = shown[:, cortex].mean(axis=1, keepdims=True)
            shown = np.divide(shown, level, out=np.zeros_like(shown), where=level > 0)
        means.append(shown.mean(axis=0))
    return np.mean(means, axis=0)


def people_maps(
    people: Mapping[str, Sequence[str]],
    recordings: Mapping[str, Maps],
    cortex: np.ndarray,
    *,
    relative: bool,
    moment_s: Chosen | None = None,
    before: bool = False,
    key: str = "",
) -> np.ndarray:
    """Average the maps of every person.

    Parameters
    ----------
    people : mapping of str to sequence of str
        Person to the names of this person's recordings.
    recordings : mapping of str to Maps
        Name to maps.
    cortex : ndarray of bool, shape (N,)
        Where there is cortex.
    relative : bool
        As for :func:`person_map`.
    moment_s : float, sequence of float or None
        Latency or span that is looked at, s; None: all windows that start at zero or later.
    before : bool
        Whether to take the windows that end before the event in their place.
    key : str
        How messages call the group.

    Returns
    -------
    ndarray of shape (S, N)
        A map of each person.

    Raises
    ------
    UserError
        If a recording has no such windows.
    """
    chosen = {}
    for name in {name for names in people.values() for name in names}:
        one = recordings[name]
        if before:
            chosen[name] = windows_before(one.times, window_s=one.window_s, name=name)
        elif moment_s is None:
            chosen[name] = np.flatnonzero(one.times >= -1e-9)
        else:
            middles = one.times + one.window_s / 2
            place = f"recordings.{name}: {key}.moment_s"
            chosen[name] = windows_at(moment_s, middles, one.window_s, place)
    return np.array(
        [
            person_map(
                [recordings[name].values for name in names],
                [chosen[name] for name in names],
                cortex,
                relative=relative,
            )
            for names in people.values()
        ]
    )
