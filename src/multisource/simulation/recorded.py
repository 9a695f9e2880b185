"""Real EEG recordings of any format MNE-Python reads, checked and made ready for fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfiltfilt

from multisource.errors import UserError

HIGHPASS_HZ = 0.5  # drifts below are electrode potentials, not brain
FLAT_V = 1e-8  # an electrode in a gel has more noise than 10 nV
LOUD_V = 5e-3  # EEG beyond 5 mV rms is in the wrong unit


@dataclass(frozen=True)
class Recorded:
    """A recording: segments [(E, T_i)] in V, average reference, high-passed; sfreq in Hz."""

    segments: list[np.ndarray]
    sfreq: float
    channels: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        return sum(segment.shape[1] for segment in self.segments) / self.sfreq


def read_recording(
    path: str | Path, channels: Sequence[str], *, sfreq: float, shortest_s: float = 30.0
) -> Recorded:
    """Read the named channels of a recording, at most at the rate sfreq.

    Spans annotated as bad are left out; a higher rate is resampled. Raises UserError if the file
    cannot be read, lacks a channel, holds a flat or loud channel, values that are not finite, or
    less than shortest_s of usable data.
    """
    import mne

    if not Path(path).exists():
        raise UserError(f"{path}: the recording does not exist")
    try:
        raw = mne.io.read_raw(path, preload=True, verbose="error")
    except Exception as error:  # every reader of MNE has its own exceptions
        line = " ".join(str(error).split())[:200]
        raise UserError(f"{path}: MNE cannot read the recording ({line})") from error
    found = {name.lower(): name for name in raw.ch_names}
    missing = [name for name in channels if name.lower() not in found]
    if missing:
        raise UserError(
            f"{path}: it lacks the channel(s) {', '.join(missing)}; it has "
            f"{', '.join(raw.ch_names[:80])}"
        )
    raw.pick([found[name.lower()] for name in channels])
    raw.reorder_channels([found[name.lower()] for name in channels])
    if not np.all(np.isfinite(raw.get_data())):
        raise UserError(f"{path}: it holds values that are not finite")
    if raw.info["sfreq"] > sfreq:
        raw.resample(sfreq, verbose="error")
    data, times = raw.get_data(reject_by_annotation="omit", return_times=True, verbose="error")
    rate = float(raw.info["sfreq"])
    breaks = np.flatnonzero(np.diff(times) > 1.5 / rate) + 1
    segments = np.split(data, breaks, axis=1)
    return prepare_recording(segments, rate, channels, name=str(path), shortest_s=shortest_s)


def prepare_recording(
    segments: Sequence[np.ndarray],
    sfreq: float,
    channels: Sequence[str],
    *,
    name: str = "recording",
    shortest_s: float = 30.0,
) -> Recorded:
    """Check segments [(E, T_i)] V of a recording, high-pass and average-reference them.

    Raises UserError as ``read_recording`` does.
    """
    # A segment shorter than a second has no spectrum to speak of.
    kept = [np.asarray(s, dtype=float) for s in segments if s.shape[1] >= sfreq]
    usable = sum(s.shape[1] for s in kept) / sfreq
    if usable < shortest_s:
        raise UserError(
            f"{name}: {usable:.1f} s of usable data are too short; give at least {shortest_s:g} s"
        )
    joined = np.concatenate(kept, axis=1)
    if not np.all(np.isfinite(joined)):
        raise UserError(f"{name}: it holds values that are not finite")
    spread = joined.std(axis=1)
    for bad, what in ((spread < FLAT_V, "flat"), (spread > LOUD_V, "above 5 mV rms")):
        if bad.any():
            names = ", ".join(np.array(channels)[bad])
            raise UserError(
                f"{name}: channel(s) {names} are {what}; leave them out or repair the recording"
            )
    filtered = butter(2, HIGHPASS_HZ, "highpass", fs=sfreq, output="sos")
    ready = [sosfiltfilt(filtered, s - s.mean(axis=1, keepdims=True), axis=1) for s in kept]
    return Recorded([s - s.mean(axis=0) for s in ready], float(sfreq), tuple(channels))
