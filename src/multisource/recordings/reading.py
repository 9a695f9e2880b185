"""Real EEG recordings of any format MNE-Python reads, checked and made ready for fits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import butter, sosfiltfilt

from multisource.errors import UserError

if TYPE_CHECKING:
    import mne

HIGHPASS_HZ = 0.5  # drifts below are electrode potentials, not brain
FLAT_V = 1e-8  # an electrode in a gel has more noise than 10 nV
LOUD_V = 5e-3  # EEG beyond 5 mV rms is in the wrong unit


# The 10-20 system's names of before 1991.
_OLD_NAMES = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8"}


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
    """

    segments: list[np.ndarray]
    sfreq: float
    channels: tuple[str, ...]
    starts_s: tuple[float, ...]

    @property
    def duration_s(self) -> float:
        """Length of all segments together, s."""
        return sum(segment.shape[1] for segment in self.segments) / self.sfreq


def read_recording(
    path: str | Path, channels: Sequence[str], *, sfreq: float, shortest_s: float = 30.0
) -> ContinuousEEG:
    """Read the named channels of a recording.

    Spans annotated as bad are left out.

    Parameters
    ----------
    path : str or Path
        The file.
    channels : sequence of str
        Names of the channels.
    sfreq : float
        Highest sampling rate, Hz; a recording of a higher one is resampled to it.
    shortest_s : float
        Least length of usable data, s.

    Returns
    -------
    ContinuousEEG
        The recording.

    Raises
    ------
    UserError
        If the file cannot be read, lacks a channel, holds a flat or loud channel, values that are
        not finite, or less than ``shortest_s`` of usable data.
    """
    raw = open_raw(path)
    keep_channels(raw, channels, name=str(path))
    if raw.info["sfreq"] > sfreq:
        raw.resample(sfreq, verbose="error")
    segments, starts = usable_segments(raw)
    rate = float(raw.info["sfreq"])
    return prepare_recording(
        segments, rate, channels, name=str(path), shortest_s=shortest_s, starts_s=starts
    )


def open_raw(path: str | Path, *, preload: bool = True) -> mne.io.BaseRaw:
    """Open a continuous recording by whichever of MNE's readers knows it.

    Parameters
    ----------
    path : str or Path
        The file.
    preload : bool
        Whether to read its samples.

    Returns
    -------
    mne.io.BaseRaw
        The recording.

    Raises
    ------
    UserError
        If the file is missing or no reader knows it.
    """
    import mne

    if not Path(path).exists():
        raise UserError(f"{path}: the recording does not exist")
    try:
        return mne.io.read_raw(path, preload=preload, verbose="error")
    except Exception as error:  # every reader of MNE has its own exceptions
        raise unreadable(path, error) from error


def unreadable(path: str | Path, error: Exception) -> UserError:
    """Say that MNE refuses a file.

    Parameters
    ----------
    path : str or Path
        The file.
    error : Exception
        What MNE raised.

    Returns
    -------
    UserError
        To be raised: the file and the first 200 characters of MNE's words in one line.
    """
    line = " ".join(str(error).split())[:200]
    return UserError(f"{path}: MNE cannot read the recording ({line})")


def match_channels(found: Sequence[str], wanted: Sequence[str], *, name: str) -> list[str]:
    """Find the recording's own names of channels.

    Case does not count, nor what amplifiers add ('EEG Fp1-REF', 'Fc5.'); T3, T4, T5, T6 are T7, T8,
    P7, P8.

    Parameters
    ----------
    found : sequence of str
        Names that the recording has.
    wanted : sequence of str
        Names of the study's channels.
    name : str
        How messages call the recording.

    Returns
    -------
    list of str
        Names of the recording, in the order of ``wanted``.

    Raises
    ------
    UserError
        If a channel is missing; it lists those that the recording lacks.
    """
    by_name = {_plain(own): own for own in found} | {own.lower(): own for own in found}
    matched = {one: by_name.get(one.lower(), by_name.get(_plain(one))) for one in wanted}
    missing = [one for one, own in matched.items() if own is None]
    if missing:
        raise UserError(
            f"{name}: it lacks the channel(s) {', '.join(missing)}; it has {', '.join(found[:80])}"
        )
    return [own for own in matched.values() if own is not None]


def _plain(channel: str) -> str:
    plain = re.sub(r"^eeg[ _]+|[-_ ](ref|le|av|avg)$|\.+$", "", channel.strip().lower())
    return _OLD_NAMES.get(plain, plain)


def keep_channels(
    data: mne.io.BaseRaw | mne.BaseEpochs | mne.Evoked, channels: Sequence[str], *, name: str
) -> None:
    """Leave only the named channels of preloaded data, in this order.

    Parameters
    ----------
    data : mne.io.BaseRaw, mne.BaseEpochs or mne.Evoked
        Changed in place.
    channels : sequence of str
        Names of the study's channels.
    name : str
        How messages call the recording.

    Raises
    ------
    UserError
        For a channel that is missing or values that are not finite.
    """
    own = match_channels(data.ch_names, channels, name=name)
    data.pick(own)
    data.reorder_channels(own)
    if not np.all(np.isfinite(data.get_data())):
        raise UserError(f"{name}: it holds values that are not finite")


def usable_segments(raw: mne.io.BaseRaw) -> tuple[list[np.ndarray], list[float]]:
    """Cut a recording at the spans annotated as bad.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        The recording.

    Returns
    -------
    segments : list of ndarray of shape (E, T_i)
        What lies between, V.
    starts_s : list of float
        When each segment begins, s.
    """
    data, times = raw.get_data(reject_by_annotation="omit", return_times=True, verbose="error")
    breaks = np.flatnonzero(np.diff(times) > 1.5 / raw.info["sfreq"]) + 1
    starts = [float(times[k]) for k in (0, *breaks) if k < len(times)]
    return np.split(data, breaks, axis=1), starts


def prepare_recording(
    segments: Sequence[np.ndarray],
    sfreq: float,
    channels: Sequence[str],
    *,
    name: str = "recording",
    shortest_s: float = 30.0,
    band_hz: Sequence[float] | None = None,
    starts_s: Sequence[float] | None = None,
) -> ContinuousEEG:
    """Check the segments of a recording, filter and average-reference them.

    Parameters
    ----------
    segments : sequence of ndarray of shape (E, T_i)
        EEG in V; those shorter than a second are left out.
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

    Returns
    -------
    ContinuousEEG
        The recording.

    Raises
    ------
    UserError
        For a flat or loud channel, values that are not finite, or too little usable data.
    """
    if starts_s is None:
        ends = np.cumsum([0, *(s.shape[1] for s in segments)])
        starts_s = [end / sfreq for end in ends[: len(segments)]]
    # A segment shorter than a second has no spectrum to speak of.
    kept = [
        (np.asarray(s, dtype=float), float(start))
        for s, start in zip(segments, starts_s, strict=True)
        if s.shape[1] >= sfreq
    ]
    usable = sum(s.shape[1] for s, _ in kept) / sfreq
    if usable < shortest_s:
        raise UserError(
            f"{name}: {usable:.1f} s of usable data are too short; give at least {shortest_s:g} s"
        )
    check_amplitudes(np.concatenate([s for s, _ in kept], axis=1), channels, name=name)
    if band_hz is None:
        passing = butter(2, HIGHPASS_HZ, "highpass", fs=sfreq, output="sos")
    else:
        passing = butter(2, band_hz, "bandpass", fs=sfreq, output="sos")
    ready = [sosfiltfilt(passing, s - s.mean(axis=1, keepdims=True), axis=1) for s, _ in kept]
    return ContinuousEEG(
        [s - s.mean(axis=0) for s in ready],
        float(sfreq),
        tuple(channels),
        tuple(start for _, start in kept),
    )


def check_amplitudes(eeg: np.ndarray, channels: Sequence[str], *, name: str) -> None:
    """Refuse values that cannot be EEG.

    Parameters
    ----------
    eeg : ndarray of shape (E, T)
        In V.
    channels : sequence of str
        Names of the E channels.
    name : str
        How messages call the recording.

    Raises
    ------
    UserError
        If values are not finite, or a channel is flat or too large to be EEG.
    """
    if not np.all(np.isfinite(eeg)):
        raise UserError(f"{name}: it holds values that are not finite")
    spread = eeg.std(axis=1)
    if 0 < spread.max() < FLAT_V:
        raise UserError(
            f"{name}: no channel is above {spread.max():.1g} V rms, EEG has some 1e-5 V; the "
            "file's unit is wrong: correct it"
        )
    for bad, what in ((spread < FLAT_V, "flat"), (spread > LOUD_V, "above 5 mV rms")):
        if bad.any():
            names = ", ".join(np.array(channels)[bad])
            raise UserError(
                f"{name}: channel(s) {names} are {what}; leave them out or repair the recording"
            )
