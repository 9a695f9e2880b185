"""The EEG that is to be localised: continuous stretches, epochs or their average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import detrend

from multisource.errors import UserError
from multisource.recordings.account import Account, counted
from multisource.recordings.amplitudes import check_finite
from multisource.recordings.bad_by import AUTO
from multisource.recordings.cleaning import Cleaning, judge_channels, mended
from multisource.recordings.contents import check_channels, condition_of
from multisource.recordings.continuous import reference_line
from multisource.recordings.epochs import cut_epochs
from multisource.recordings.events import choose_events, event_onsets, told_events
from multisource.recordings.filters import filtered, resampled
from multisource.recordings.matching import match_channels
from multisource.recordings.opening import open_asked
from multisource.recordings.reading import read_continuous, unreadable
from multisource.recordings.rejection import quiet
from multisource.recordings.settings import EPOCH_S, RecordingSettings
from multisource.recordings.timeline import timeline_of

if TYPE_CHECKING:
    import mne

    from multisource.recordings.contents import Contents

FEWEST_BEFORE = 10  # samples before an event that tell of the noise
PERIODS = 5  # of the lowest frequency that passes a filter, that an epoch lasts at least


@dataclass(frozen=True)
class Stretches:
    """EEG of E channels in average reference, at the study's rate.

    Attributes
    ----------
    parts : list of ndarray of shape (E, T_i)
        EEG in V.
    starts_s : list of float
        Time of each part's first sample, of the recording or from the event, s.
    epochs : list of int
        Number of each part's epoch, 0 where there is one.
    averaged : int
        How many epochs were averaged, 1 for none.
    recorded_sfreq : float
        The file's rate, Hz.
    account : Account
        What was done, and what was left out.
    single : list of ndarray of shape (E, T)
        The epochs of an average, V; none of what is not one, or came as an average.
    before : ndarray of shape (E, T'), or None
        Of what came as an average, its baseline, or else all before the event, V; None of all else,
        and where that is shorter than 10 samples.
    minus : Stretches or None
        Of a difference of two averages, the one that was subtracted.
    """

    parts: list[np.ndarray]
    starts_s: list[float]
    epochs: list[int]
    averaged: int
    recorded_sfreq: float
    account: Account
    single: list[np.ndarray] = field(default_factory=list)
    before: np.ndarray | None = None
    minus: Stretches | None = None

    @property
    def is_average(self) -> bool:
        """Whether it is an average of epochs."""
        return self.averaged > 1 or self.before is not None


def read_stretches(
    path: str | Path,
    channels: Sequence[str],
    settings: RecordingSettings,
    *,
    sfreq: float,
    shortest_s: float,
    positions: np.ndarray | None = None,
) -> Stretches:
    """Read the EEG of a file that is to be localised.

    Parameters
    ----------
    path : str or Path
        The file.
    channels : sequence of str
        Names of the study's channels.
    settings : RecordingSettings
        What is asked of the recording.
    sfreq : float
        Sampling rate of the study, Hz.
    shortest_s : float
        What at least one part must last, s.
    positions : ndarray of shape (E, 3), optional
        Where the electrodes are, mm; needed where channels are interpolated.

    Returns
    -------
    Stretches
        The EEG at the rate ``sfreq``.

    Raises
    ------
    UserError
        If the file cannot be read, lacks a channel or marks it as bad, knows no such event, is in a
        wrong unit, flat or too short.
    """
    contents = open_asked(path, settings)
    return stretches_of(
        contents,
        channels,
        settings,
        sfreq=sfreq,
        shortest_s=shortest_s,
        positions=positions,
        name=str(path),
    )


def stretches_of(
    contents: Contents,
    channels: Sequence[str],
    settings: RecordingSettings,
    *,
    sfreq: float,
    shortest_s: float,
    positions: np.ndarray | None,
    name: str,
) -> Stretches:
    """Take the EEG that is to be localised from what MNE-Python has read.

    Parameters
    ----------
    contents : mne.io.BaseRaw, mne.BaseEpochs or list of mne.Evoked
        A recording, epochs or averages; they may be changed.
    channels : sequence of str
        Names of the study's channels.
    settings : RecordingSettings
        What is asked of the recording.
    sfreq : float
        Sampling rate of the study, Hz.
    shortest_s : float
        What at least one part must last, s.
    positions : ndarray of shape (E, 3) or None
        As for :func:`read_stretches`.
    name : str
        How messages call the recording.

    Returns
    -------
    Stretches
        The EEG at the rate ``sfreq``.

    Raises
    ------
    UserError
        As for :func:`read_stretches`.
    """
    import mne

    cleaning = Cleaning(
        bad=tuple(check_channels(contents, channels, settings.bad_channels, name=name)),
        find_bad=settings.bad_channels == AUTO,
        notch_hz=settings.notch_hz,
        components=settings.ica,
        positions=positions,
    )
    if isinstance(contents, list):
        average = condition_of(contents, settings.events, name=name)
        found = _of_epochs(
            average, average.nave, channels, settings, cleaning, sfreq=sfreq, name=name
        )
    elif isinstance(contents, mne.BaseEpochs):
        if settings.events is not None:
            contents = contents[choose_events(contents.event_id, settings.events, name=name)]
        found = _of_epochs(
            contents, len(contents), channels, settings, cleaning, sfreq=sfreq, name=name
        )
    else:
        found = _of_recording(contents, channels, settings, cleaning, sfreq=sfreq, name=name)
    longest = max(part.shape[1] for part in found.parts) / sfreq
    if longest < shortest_s - 0.5 / sfreq:
        raise UserError(
            f"{name}: {longest:.3f} s are too short for a window of {shortest_s:g} s "
            "(simulation.window_s); choose other tmin_s and tmax_s"
        )
    return found


def _of_recording(
    raw: mne.io.BaseRaw,
    channels: Sequence[str],
    settings: RecordingSettings,
    cleaning: Cleaning,
    *,
    sfreq: float,
    name: str,
) -> Stretches:
    """Parts of a continuous recording: all that is usable, or epochs round an event."""
    recorded_sfreq = float(raw.info["sfreq"])
    timeline, marks = timeline_of(raw)
    own = match_channels(raw.ch_names, channels, name=name)
    marks = [mark for mark in marks if mark.concerns(own)]
    onsets = None
    from_s, to_s = 0.0, np.inf
    if settings.events is not None:
        known = event_onsets(raw)
        chosen = choose_events(known, settings.events, name=name)
        onsets = np.sort(np.concatenate([known[event] for event in chosen]))
    else:
        from_s = max(settings.tmin_s or 0.0, 0.0)
        to_s = np.inf if settings.tmax_s is None else settings.tmax_s
        if from_s >= timeline.end_s:
            raise UserError(
                f"{name}: it ends after {timeline.end_s:.1f} s; tmin_s {from_s:g} s is too late"
            )
    recorded = read_continuous(
        raw,
        channels,
        name=name,
        to_sfreq=sfreq,
        shortest_s=1.0,
        band_hz=settings.band_hz,
        from_s=from_s,
        to_s=to_s,
        cleaning=cleaning,
    )
    if onsets is None:
        parts, begins = recorded.segments, list(recorded.starts_s)
        return Stretches(parts, begins, [0] * len(parts), 1, recorded_sfreq, recorded.account)
    recorded.account.add("events", told_events(known, chosen))
    span = _span(settings, EPOCH_S)
    epochs = cut_epochs(
        recorded, onsets, span, timeline, marks, event=settings.events or "", name=name
    )
    found = Stretches(list(epochs), [span[0]], [], 1, recorded_sfreq, recorded.account)
    return _epochs_or_average(found, channels, settings, sfreq=sfreq, name=name)


def _of_epochs(
    data: mne.BaseEpochs | mne.Evoked,
    count: int,
    channels: Sequence[str],
    settings: RecordingSettings,
    cleaning: Cleaning,
    *,
    sfreq: float,
    name: str,
) -> Stretches:
    """Parts of a file of epochs, or of an average of ``count`` epochs."""
    import mne

    for option in ("notch_hz", "ica"):
        if getattr(settings, option):
            raise UserError(
                f"{name}: {option} {list(getattr(settings, option))}: the file holds epochs, which "
                "are too short to filter; clean the recording before you cut it"
            )
    lasts_s = len(data.times) / float(data.info["sfreq"])
    if settings.band_hz and settings.band_hz[0] * lasts_s < PERIODS:
        raise UserError(
            f"{name}: band_hz {list(settings.band_hz)}: the file holds epochs of {lasts_s:g} s, "
            f"which are too short to filter below {PERIODS / lasts_s:.3g} Hz; clean the recording "
            "before you cut it"
        )
    recorded_sfreq = float(data.info["sfreq"])
    own = match_channels(data.ch_names, channels, name=name)
    try:
        read = np.array(data.get_data(), ndmin=3)
    except Exception as error:  # what is cut off shows when it is read
        raise unreadable(name, error) from error
    values = read[:, [data.ch_names.index(one) for one in own], :]
    for epoch in values:
        check_finite(epoch, channels, name=name, from_s=data.times[0], sfreq=recorded_sfreq)
    account = Account()
    if settings.band_hz:
        values = np.array(filtered(list(values), recorded_sfreq, settings.band_hz))
        low, high = settings.band_hz
        account.add("filter", f"{low:g} to {high:g} Hz, each epoch by itself")
    zero = [
        one
        for one, all_of_it in zip(channels, np.moveaxis(values, 1, 0), strict=True)
        if not all_of_it.any()
    ]
    # As a filter takes drifts from a recording.
    bad, reference = judge_channels(
        list(detrend(values, axis=2)),
        recorded_sfreq,
        channels,
        cleaning,
        account,
        zero=zero,
        name=name,
    )
    if recorded_sfreq != sfreq:
        values = resampled(values, recorded_sfreq, sfreq)
        account.add("rate", f"{recorded_sfreq:g} to {sfreq:g} Hz")
    values = np.array(mended(list(values), sfreq, channels, bad, cleaning, account, name=name))
    account.add("reference", reference_line(reference), channels=[reference] if reference else [])
    begin, end = data.times[0], data.times[0] + values.shape[2] / sfreq
    low, high = _span(settings, (begin, end))
    first, last = (round((t - begin) * sfreq) for t in (low, high))
    if first < 0 or last > values.shape[2]:
        raise UserError(
            f"{name}: its epochs last from {begin:g} to {end:g} s; choose tmin_s and tmax_s inside"
        )
    cut = Stretches(list(values[:, :, first:last]), [low], [], 1, recorded_sfreq, account)
    found = _epochs_or_average(cut, channels, settings, sfreq=sfreq, name=name)
    if not isinstance(data, mne.Evoked):
        return found if len(values) > 1 else replace(found, averaged=count)
    before = _before_event(values[0], float(begin), settings, sfreq)
    return replace(found, averaged=count, before=before)


def _before_event(
    average: np.ndarray, begin_s: float, settings: RecordingSettings, sfreq: float
) -> np.ndarray | None:
    """What shows the noise of an average (E, T): its baseline, in average reference."""
    span = settings.baseline_s or (begin_s, min(0.0, begin_s + average.shape[1] / sfreq))
    low, high = (round((time - begin_s) * sfreq) for time in span)
    if high - low < FEWEST_BEFORE:
        return None
    part = average[:, low:high]
    if settings.baseline_s:
        part = part - part.mean(axis=1, keepdims=True)
    return part - part.mean(axis=0)


def _epochs_or_average(
    found: Stretches,
    channels: Sequence[str],
    settings: RecordingSettings,
    *,
    sfreq: float,
    name: str,
) -> Stretches:
    """Baseline-corrected epochs, or their average, by average reference.

    ``found`` has an epoch in each part, which all begin at the first of ``starts_s``.
    """
    epochs, start_s = np.array(found.parts), found.starts_s[0]
    if settings.baseline_s:
        low, high = (round((t - start_s) * sfreq) for t in settings.baseline_s)
        if low < 0 or high > epochs.shape[2]:
            end = start_s + epochs.shape[2] / sfreq
            raise UserError(
                f"{name}: baseline_s {list(settings.baseline_s)} is not inside the epochs, which "
                f"last from {start_s:g} to {end:g} s"
            )
        epochs = epochs - epochs[:, :, low:high].mean(axis=2, keepdims=True)
    epochs = epochs - epochs.mean(axis=1, keepdims=True)
    if settings.reject_uv is not None:
        epochs = epochs[quiet(epochs, settings.reject_uv, channels, found.account, name=name)]
    count = len(epochs)
    if settings.average:
        if count > 1:
            found.account.add("average", f"of {counted(count, 'epoch')}")
        mean = epochs.mean(axis=0)
        found = replace(found, parts=[mean], starts_s=[start_s], epochs=[0], averaged=count)
        return replace(found, single=list(epochs)) if count > 1 else found
    starts = [start_s] * count
    return replace(found, parts=list(epochs), starts_s=starts, epochs=list(range(count)))


def _span(settings: RecordingSettings, otherwise: tuple[float, float]) -> tuple[float, float]:
    low, high = settings.tmin_s, settings.tmax_s
    return (otherwise[0] if low is None else low, otherwise[1] if high is None else high)
