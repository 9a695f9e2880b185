"""Events of a recording: their names and times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from typing import TYPE_CHECKING

import numpy as np

from multisource.errors import UserError
from multisource.recordings.account import counted
from multisource.recordings.timeline import timeline_of

if TYPE_CHECKING:
    import mne


def event_onsets(raw: mne.io.BaseRaw, *, stimulus: bool = True) -> dict[str, np.ndarray]:
    """Return the times of every kind of event.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        All of a recording, as it was opened.
    stimulus : bool
        Whether to read the codes of a stimulus channel too; False leaves its data unread.

    Returns
    -------
    dict of str to ndarray
        Name -> ascending times in s, of the recording's first sample. Names are the descriptions
        of the annotations, and the codes of a stimulus channel.
    """
    import mne

    timeline, marks = timeline_of(raw)
    times: dict[str, list[float]] = {}
    for mark in marks:
        if mark.is_event:
            times.setdefault(mark.text, []).append(mark.onset_s)
    if stimulus and has_stimulus_channel(raw):
        events = mne.find_events(raw, shortest_event=1, verbose="error")
        codes: dict[str, list[float]] = {}
        for sample, _, code in events:
            codes.setdefault(str(code), []).append(timeline.seconds(sample - raw.first_samp))
        times = codes | times
    return {name: np.array(sorted(onsets)) for name, onsets in times.items()}


def has_stimulus_channel(raw: mne.io.BaseRaw) -> bool:
    """Say whether the amplifier wrote the codes of events into a channel.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        A recording.

    Returns
    -------
    bool
        True if there is such a channel.
    """
    return "stim" in raw.get_channel_types()


def choose_events(known: Iterable[str], wanted: str, *, name: str) -> list[str]:
    """Choose the events of a name: 'flash' is 'flash/left' and 'flash/right' together.

    As in MNE's epochs, an event has the name if all parts of the name between slashes are among
    its own, in any order.

    Parameters
    ----------
    known : iterable of str
        Events that there are.
    wanted : str
        The name; several blanks count as one.
    name : str
        How messages call the file.

    Returns
    -------
    list of str
        The events as the file calls them.

    Raises
    ------
    UserError
        If no event has this name; it lists those that there are.
    """
    known = list(known)
    goal = _parts(wanted)
    found = [one for one in known if goal and goal <= _parts(one)]
    if not found:
        listed = ", ".join(map(repr, known[:40])) or "none"
        raise UserError(f"{name}: no event is called {wanted!r}; the file has {listed}")
    return found


def choose_event(known: Iterable[str], wanted: str, *, name: str) -> str:
    """Choose the only event of a name, or the one that is called exactly so.

    Parameters
    ----------
    known : iterable of str
        Events that there are.
    wanted : str
        The name; several blanks count as one.
    name : str
        How messages call the file.

    Returns
    -------
    str
        The event as the file calls it.

    Raises
    ------
    UserError
        If no event or several have this name; it lists those that there are.
    """
    found = choose_events(known, wanted, name=name)
    exact = [one for one in found if _blanks(one) == _blanks(wanted)]
    if len(exact or found) > 1:
        listed = ", ".join(map(repr, found[:40]))
        raise UserError(f"{name}: several are called {wanted!r}: {listed}; name one")
    return (exact or found)[0]


def told_events(known: Mapping[str, Sized], chosen: Iterable[str]) -> str:
    """Say which events are taken.

    Parameters
    ----------
    known : mapping of str to sized
        Event -> its times.
    chosen : iterable of str
        Those that are taken.

    Returns
    -------
    str
        Names and numbers.
    """
    return ", ".join(f"{one!r} {counted(len(known[one]), 'time')}" for one in chosen)


def _blanks(text: str) -> str:
    return " ".join(text.split())


def _parts(text: str) -> set[str]:
    return {_blanks(part) for part in text.split("/") if part.strip()}
