"""Epochs round events of a continuous recording, and why others are left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from multisource.errors import UserError
from multisource.recordings.continuous import ContinuousEEG
from multisource.recordings.marks import Mark
from multisource.recordings.timeline import Timeline


def cut_epochs(
    recorded: ContinuousEEG,
    onsets: np.ndarray,
    span_s: tuple[float, float],
    timeline: Timeline,
    marks: Sequence[Mark],
    *,
    event: str,
    name: str,
) -> np.ndarray:
    """Cut epochs round events; those that no unbroken stretch holds are counted.

    Parameters
    ----------
    recorded : ContinuousEEG
        The recording; its account gets what is left out.
    onsets : ndarray of shape (N,)
        When the events were, s.
    span_s : tuple of float
        From where to where round each event, s.
    timeline : Timeline
        When each sample was taken.
    marks : sequence of Mark
        What the recording was cut at.
    event : str
        How messages call the events.
    name : str
        How messages call the recording.

    Returns
    -------
    ndarray of shape (K, E, T)
        The epochs, V.

    Raises
    ------
    UserError
        If there is none.
    """
    low, high = span_s
    length = round((high - low) * recorded.sfreq)
    epochs = []
    lost: dict[str, int] = {}
    for onset in onsets:
        for segment, begin in zip(recorded.segments, recorded.starts_s, strict=True):
            first = round((onset + low - begin) * recorded.sfreq)
            if first >= 0 and first + length <= segment.shape[1]:
                epochs.append(segment[:, first : first + length])
                break
        else:
            why = _why_lost(onset + low, onset + high, timeline, marks)
            lost[why] = lost.get(why, 0) + 1
    if not epochs:
        told = ", ".join(f"{count} {why}" for why, count in lost.items())
        raise UserError(
            f"{name}: none of the {len(onsets)} events {event!r} has {low:g} to {high:g} s of "
            f"usable data round it ({told}); choose other tmin_s and tmax_s"
        )
    for why, count in lost.items():
        what = f"{count} of {len(onsets)}: {why}"
        recorded.account.add("epochs left out", what, epochs_lost=count)
    return np.array(epochs)


def _why_lost(low: float, high: float, timeline: Timeline, marks: Sequence[Mark]) -> str:
    """Say why no unbroken stretch reaches from ``low`` to ``high``, s."""
    if low < 0 or high > timeline.end_s:
        return "beyond the recording's begin or end"
    # What lies between two samples belongs to both.
    ends = low - 1 / timeline.sfreq, high + 1 / timeline.sfreq
    if any(one.is_bad and _meet(one, *ends) for one in marks):
        return "on what is marked as bad"
    behind = [timeline.seconds(place) for place in timeline.gaps()[0]]
    recorded = all(timeline.position(time)[1] for time in (low, high))
    if not recorded or any(low < time <= ends[1] for time in behind):
        return "in a gap or across one"
    if any(one.is_edge and _meet(one, *ends) for one in marks):
        return "across an edge"
    return "in a stretch that is too short"


def _meet(mark: Mark, low: float, high: float) -> bool:
    return mark.onset_s < high and low < mark.onset_s + mark.duration_s
