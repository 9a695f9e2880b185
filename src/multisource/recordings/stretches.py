"""The EEG that is to be localised: continuous stretches, epochs or their average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import resample_poly

from multisource.errors import UserError
from multisource.recordings.contents import (
    check_channels,
    choose_event,
    condition_of,
    event_onsets,
    open_contents,
)
from multisource.recordings.reading import (
    check_amplitudes,
    keep_channels,
    prepare_recording,
    usable_segments,
)
from multisource.recordings.settings import EPOCH_S, RecordingSettings

if TYPE_CHECKING:
    import mne


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
    """

    parts: list[np.ndarray]
    starts_s: list[float]
    epochs: list[int]
    averaged: int
    recorded_sfreq: float


def read_stretches(
    path: str | Path,
    channels: Sequence[str],
    settings: RecordingSettings,
    *,
    sfreq: float,
    shortest_s: float,
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
    import mne

    name = str(path)
    contents = open_contents(path)
    check_channels(contents, channels, name=name)
    if isinstance(contents, list):
        average = condition_of(contents, settings.events, name=name)
        found = _of_epochs(average, average.nave, channels, settings, sfreq=sfreq, name=name)
    elif isinstance(contents, mne.BaseEpochs):
        if settings.events is not None:
            event = choose_event(contents.event_id, settings.events, name=name)
            contents = contents[event]
        found = _of_epochs(contents, len(contents), channels, settings, sfreq=sfreq, name=name)
    else:
        found = _of_recording(contents, channels, settings, sfreq=sfreq, name=name)
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
    *,
    sfreq: float,
    name: str,
) -> Stretches:
    """Parts of a continuous recording: all that is usable, or epochs round an event."""
    recorded_sfreq = float(raw.info["sfreq"])
    onsets = None
    if settings.events is not None:
        known = event_onsets(raw)
        onsets = known[choose_event(known, settings.events, name=name)]
    start = 0.0
    if onsets is None:
        start = max(settings.tmin_s or 0.0, 0.0)
        end = min(raw.times[-1], np.inf if settings.tmax_s is None else settings.tmax_s)
        if start >= end:
            raise UserError(
                f"{name}: it ends after {raw.times[-1]:.1f} s; tmin_s {start:g} s is too late"
            )
        raw.crop(start, end, verbose="error")
    keep_channels(raw, channels, name=name)
    if raw.info["sfreq"] != sfreq:
        raw.resample(sfreq, verbose="error")
    segments, starts = usable_segments(raw)
    recorded = prepare_recording(
        segments,
        sfreq,
        channels,
        name=name,
        shortest_s=1.0,
        band_hz=settings.band_hz,
        starts_s=starts,
    )
    if onsets is None:
        parts, begins = recorded.segments, [start + one for one in recorded.starts_s]
        return Stretches(parts, begins, [0] * len(parts), 1, recorded_sfreq)
    low, high = _span(settings, EPOCH_S)
    epochs = []
    length = round((high - low) * sfreq)
    for onset in onsets:
        for segment, begin in zip(recorded.segments, recorded.starts_s, strict=True):
            first = round((onset + low - begin) * sfreq)
            if first >= 0 and first + length <= segment.shape[1]:
                epochs.append(segment[:, first : first + length])
    if not epochs:
        raise UserError(
            f"{name}: none of the {len(onsets)} events {settings.events!r} has {low:g} to "
            f"{high:g} s of usable data round it; choose other tmin_s and tmax_s"
        )
    return _epochs_or_average(
        np.array(epochs), low, settings, sfreq=sfreq, recorded_sfreq=recorded_sfreq, name=name
    )


def _of_epochs(
    data: mne.BaseEpochs | mne.Evoked,
    count: int,
    channels: Sequence[str],
    settings: RecordingSettings,
    *,
    sfreq: float,
    name: str,
) -> Stretches:
    """Parts of a file of epochs, or of an average of ``count`` epochs."""
    if settings.band_hz:
        raise UserError(
            f"{name}: band_hz {list(settings.band_hz)}: the file holds epochs, which are too "
            "short to filter; filter the recording before you cut it"
        )
    recorded_sfreq = float(data.info["sfreq"])
    keep_channels(data, channels, name=name)
    values = data.get_data()
    values = values[None] if values.ndim == 2 else values
    if recorded_sfreq != sfreq:
        # An epoch's length is seldom a whole number at both rates, which MNE's resampling wants.
        ratio = Fraction(sfreq / recorded_sfreq).limit_denominator(1000)
        values = resample_poly(values, *ratio.as_integer_ratio(), axis=2, padtype="line")
    begin, end = data.times[0], data.times[0] + values.shape[2] / sfreq
    low, high = _span(settings, (begin, end))
    first, last = (round((t - begin) * sfreq) for t in (low, high))
    if first < 0 or last > values.shape[2]:
        raise UserError(
            f"{name}: its epochs last from {begin:g} to {end:g} s; choose tmin_s and tmax_s inside"
        )
    check_amplitudes(np.concatenate(list(values), axis=1), channels, name=name)
    found = _epochs_or_average(
        values[:, :, first:last],
        low,
        settings,
        sfreq=sfreq,
        recorded_sfreq=recorded_sfreq,
        name=name,
    )
    return found if len(values) > 1 else replace(found, averaged=count)


def _epochs_or_average(
    epochs: np.ndarray,
    start_s: float,
    settings: RecordingSettings,
    *,
    sfreq: float,
    recorded_sfreq: float,
    name: str,
) -> Stretches:
    """Baseline-corrected epochs (K, E, T) in V, or their average, by average reference."""
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
    count = len(epochs)
    if settings.average:
        return Stretches([epochs.mean(axis=0)], [start_s], [0], count, recorded_sfreq)
    return Stretches(list(epochs), [start_s] * count, list(range(count)), 1, recorded_sfreq)


def _span(settings: RecordingSettings, otherwise: tuple[float, float]) -> tuple[float, float]:
    low, high = settings.tmin_s, settings.tmax_s
    return (otherwise[0] if low is None else low, otherwise[1] if high is None else high)
