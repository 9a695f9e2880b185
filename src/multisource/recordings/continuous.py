"""Continuous EEG: its unbroken stretches, each filtered and resampled by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from multisource.errors import UserError
from multisource.recordings.account import Account, counted
from multisource.recordings.amplitudes import check_finite
from multisource.recordings.cleaning import Cleaning, judge_channels, mended
from multisource.recordings.components import BAND_HZ as COMPONENTS_HZ
from multisource.recordings.filters import HIGHPASS_HZ, filtered, resampled
from multisource.recordings.marks import Mark
from multisource.recordings.timeline import Timeline

if TYPE_CHECKING:
    import mne

_NOTHING = Cleaning()
SHORTEST_STRETCH_S = 1.0  # a shorter one has no spectrum to speak of


@dataclass(frozen=True)
class ContinuousEEG:
    """A recording, filtered, in average reference.

    Attributes
    ----------
    segments : list of ndarray of shape (E, T_i)
        EEG in V.
    sfreq : float
        Sampling rate in Hz.
    channels : tuple of str
        Names of the E channels.
    starts_s : tuple of float
        Time of each segment's first sample in the recording, s.
    account : Account
        What was done, and what was left out.
    """

    segments: list[np.ndarray]
    sfreq: float
    channels: tuple[str, ...]
    starts_s: tuple[float, ...]
    account: Account = field(default_factory=Account)

    @property
    def duration_s(self) -> float:
        """Length of all segments together, s."""
        return sum(segment.shape[1] for segment in self.segments) / self.sfreq


@dataclass(frozen=True)
class Span:
    """Samples that follow each other.

    Attributes
    ----------
    first, stop : int
        The first sample, and the one behind the last.
    """

    first: int
    stop: int


def unbroken(
    timeline: Timeline,
    marks: Sequence[Mark],
    account: Account,
    *,
    from_s: float = 0.0,
    to_s: float = np.inf,
) -> list[Span]:
    """Cut a recording at gaps, edges and what is marked as bad.

    Parameters
    ----------
    timeline : Timeline
        When each sample was taken.
    marks : sequence of Mark
        Spans, edges and events.
    account : Account
        Gets what is left out.
    from_s, to_s : float
        What is used of the recording, s.

    Returns
    -------
    list of Span
        What lies between, those shorter than a second left out.
    """
    sfreq = timeline.sfreq
    begin = int(np.ceil(timeline.position(from_s)[0] - 1e-3))
    end = min(timeline.n_times, int(np.floor(timeline.position(to_s)[0] + 1e-3)) + 1)
    good = np.zeros(timeline.n_times, bool)
    good[begin:end] = True
    edges: set[int] = set()
    spans = 0
    for mark in marks:
        first = timeline.position(mark.onset_s)[0]
        if mark.is_bad:
            # Rounded as MNE rounds.
            stop = timeline.position(mark.onset_s + mark.duration_s)[0]
            span = slice(max(round(first), 0), max(round(stop), 0))
            spans += bool(good[span].any())
            good[span] = False
            edges.add(round(first))
        elif mark.is_edge:
            # EEGLAB's boundaries lie between two samples.
            edges.add(int(np.ceil(first - 1e-2)))
    _tell_edges(timeline, edges, good, account)
    if spans:
        lost = (end - begin - good.sum()) / sfreq
        what = f"{counted(spans, 'span')} of {lost:.3f} s together are left out"
        account.add("marked as bad", what, seconds_lost=lost)
    gaps, _ = timeline.gaps()
    stretches = _runs(good, {*edges, *map(int, gaps)})
    long = [one for one in stretches if one.stop - one.first >= SHORTEST_STRETCH_S * sfreq]
    if len(long) < len(stretches):
        lost = sum(one.stop - one.first for one in stretches) / sfreq
        lost -= sum(one.stop - one.first for one in long) / sfreq
        count = counted(len(stretches) - len(long), "stretch", "stretches")
        what = f"{count} under {SHORTEST_STRETCH_S:g} s, {lost:.3f} s together, cannot be filtered"
        account.add("too short", what, seconds_lost=lost)
    return long


def _tell_edges(timeline: Timeline, edges: set[int], good: np.ndarray, account: Account) -> None:
    """Note gaps in time and edges inside what is used."""
    places, lengths = timeline.gaps()
    used = [length for place, length in zip(places, lengths, strict=True) if good[place]]
    if used:
        what = f"{counted(len(used), 'gap')} of {sum(used):.3f} s together: nothing crosses them"
        account.add("gaps in time", what)
    inside = [k for k in edges if 0 < k < len(good) and good[k - 1] and good[k]]
    if inside:
        what = f"{counted(len(inside), 'edge')} where pieces were joined: nothing crosses them"
        account.add("edges", what)


def _runs(good: np.ndarray, edges: set[int]) -> list[Span]:
    """Return the runs of good samples, cut before each edge."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
    cuts = np.array(sorted(edges), int)
    runs = []
    for first, stop in zip(steps[::2], steps[1::2], strict=True):
        inside = cuts[(cuts > first) & (cuts < stop)]
        ends = [int(first), *map(int, inside), int(stop)]
        runs += [Span(a, b) for a, b in zip(ends[:-1], ends[1:], strict=True)]
    return runs


def samples_of(
    raw: mne.io.BaseRaw, stretches: Sequence[Span], timeline: Timeline, *, name: str
) -> tuple[list[np.ndarray], list[float]]:
    """Read the samples of stretches.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        A recording that has the wanted channels only.
    stretches : sequence of Span
        What is wanted.
    timeline : Timeline
        When each sample was taken.
    name : str
        How messages call the recording.

    Returns
    -------
    segments : list of ndarray of shape (E, T_i)
        EEG in V.
    starts_s : list of float
        When each begins, s.

    Raises
    ------
    UserError
        For values that are not finite.
    """
    segments, starts = [], []
    for one in stretches:
        segment = raw.get_data(start=one.first, stop=one.stop)
        start = timeline.seconds(one.first)
        check_finite(segment, raw.ch_names, name=name, from_s=start, sfreq=timeline.sfreq)
        segments.append(segment)
        starts.append(start)
    return segments, starts


def prepare_recording(
    segments: Sequence[np.ndarray],
    sfreq: float,
    channels: Sequence[str],
    *,
    name: str = "recording",
    shortest_s: float = 30.0,
    band_hz: Sequence[float] | None = None,
    starts_s: Sequence[float] | None = None,
    to_sfreq: float | None = None,
    account: Account | None = None,
    cleaning: Cleaning = _NOTHING,
) -> ContinuousEEG:
    """Filter the segments of a recording, check, resample, clean and average-reference them.

    Each segment is filtered and resampled by itself.

    Parameters
    ----------
    segments : sequence of ndarray of shape (E, T_i)
        EEG in V.
    sfreq : float
        Sampling rate in Hz.
    channels : sequence of str
        Names of the E channels.
    name : str
        How messages call the recording.
    shortest_s : float
        Least length of usable data, s.
    band_hz : sequence of float, optional
        Lowest and highest frequency that pass; by default all above 0.5 Hz.
    starts_s : sequence of float, optional
        When each segment begins, s; by default one after the other.
    to_sfreq : float, optional
        The rate that is wanted, Hz; by default that of the segments.
    account : Account, optional
        Gets what is done.
    cleaning : Cleaning, optional
        What is cleaned; by default nothing.

    Returns
    -------
    ContinuousEEG
        The recording.

    Raises
    ------
    UserError
        For a flat or loud channel, or too little usable data.
    """
    account = Account() if account is None else account
    if starts_s is None:
        ends = np.cumsum([0, *(s.shape[1] for s in segments)])
        starts_s = [end / sfreq for end in ends[: len(segments)]]
    usable = sum(s.shape[1] for s in segments) / sfreq
    if usable < shortest_s:
        left_out = account.lines()
        why = f" ({'; '.join(left_out)})" if left_out else ""
        raise UserError(
            f"{name}: {usable:.1f} s of usable data are too short; give at least {shortest_s:g} s"
            f"{why}"
        )
    zero = [c for k, c in enumerate(channels) if not any(s[k].any() for s in segments)]
    ready = filtered(segments, sfreq, band_hz, cleaning.notch_hz)
    account.add("filter", _filter_line(len(ready), band_hz, cleaning.notch_hz))
    bad, reference = judge_channels(ready, sfreq, channels, cleaning, account, zero=zero, name=name)
    if to_sfreq is not None and to_sfreq != sfreq:
        ready = [resampled(s, sfreq, to_sfreq) for s in ready]
        account.add("rate", f"{sfreq:g} to {to_sfreq:g} Hz")
    rate = float(to_sfreq or sfreq)
    found_in = []
    if cleaning.components:
        found_in = filtered(segments, sfreq, COMPONENTS_HZ, cleaning.notch_hz)
        found_in = [resampled(s, sfreq, rate) for s in found_in]
    ready = mended(ready, rate, channels, bad, cleaning, account, name=name, wide=found_in)
    account.add("reference", reference_line(reference), channels=[reference] if reference else [])
    return ContinuousEEG(
        [s - s.mean(axis=0) for s in ready],
        rate,
        tuple(channels),
        tuple(float(start) for start in starts_s),
        account,
    )


def _filter_line(stretches: int, band_hz: Sequence[float] | None, notch_hz: Sequence[float]) -> str:
    low, high = band_hz or (HIGHPASS_HZ, None)
    band = f"{low:g} to {high:g} Hz" if high else f"above {low:g} Hz"
    without = f", without {' and '.join(f'{hz:g}' for hz in notch_hz)} Hz" if notch_hz else ""
    pieces = counted(stretches, "unbroken stretch", "unbroken stretches")
    return f"{band}{without}, each of {pieces} by itself"


def reference_line(zero: str | None) -> str:
    """Say how the data are referenced.

    Parameters
    ----------
    zero : str or None
        The channel that is zero throughout, if there is one.

    Returns
    -------
    str
        For people.
    """
    if zero is None:
        return "average of the study's channels"
    return (
        f"average of the study's channels; {zero} is zero throughout, so taken for the electrode "
        "that the others were recorded against"
    )
