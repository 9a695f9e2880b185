"""When the samples of a recording were taken: without a break, or with gaps between records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from multisource.errors import UserError
from multisource.recordings.edf_records import read_edf_records
from multisource.recordings.marks import Mark, marks_of

if TYPE_CHECKING:
    import mne


@dataclass(frozen=True)
class Timeline:
    """The times of samples.

    Attributes
    ----------
    sfreq : float
        Sampling rate, Hz.
    n_times : int
        Number of samples.
    firsts : ndarray of shape (R,)
        First sample of each data record; a recording without records is one.
    starts_s : ndarray of shape (R,)
        When that sample was taken, s from the first of all.
    """

    sfreq: float
    n_times: int
    firsts: np.ndarray
    starts_s: np.ndarray

    @property
    def end_s(self) -> float:
        """When the last sample was taken, s."""
        return float(self.seconds(self.n_times - 1))

    def gaps(self) -> tuple[np.ndarray, np.ndarray]:
        """Return where time is missing.

        Returns
        -------
        samples : ndarray of int
            The first sample behind each gap.
        lengths_s : ndarray
            How long each is, s; a record that begins too early has a negative one.
        """
        missing = np.diff(self.starts_s) - np.diff(self.firsts) / self.sfreq
        # Clocks of amplifiers and of computers differ: less than a sample is no gap.
        which = np.flatnonzero(np.abs(missing) > 1 / self.sfreq)
        return self.firsts[which + 1], missing[which]

    def seconds(self, sample: int) -> float:
        """Return when a sample was taken.

        Parameters
        ----------
        sample : int
            Its number.

        Returns
        -------
        float
            Time from the first sample, s.
        """
        record = np.searchsorted(self.firsts, sample, "right") - 1
        return float(self.starts_s[record] + (sample - self.firsts[record]) / self.sfreq)

    def position(self, time_s: float) -> tuple[float, bool]:
        """Return the place of a moment among the samples.

        Parameters
        ----------
        time_s : float
            Time from the first sample, s.

        Returns
        -------
        sample : float
            Its place, not rounded; of a moment in a gap that of the gap's begin.
        recorded : bool
            False for a moment in a gap, before the first sample or behind the last.
        """
        # Times are written in some microseconds.
        record = max(int(np.searchsorted(self.starts_s, time_s + 1e-6, "right")) - 1, 0)
        place = float(self.firsts[record] + (time_s - self.starts_s[record]) * self.sfreq)
        ends = [*self.firsts[1:], self.n_times]
        return min(place, float(ends[record])), -0.5 <= place < ends[record]


def timeline_of(raw: mne.io.BaseRaw) -> tuple[Timeline, list[Mark]]:
    """Return the times of a recording's samples, and its marks.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        A recording.

    Returns
    -------
    timeline : Timeline
        When each sample was taken.
    marks : list of Mark
        Its annotations, at the times when they were made.

    Raises
    ------
    UserError
        If the records of an EDF+ file do not say their times, or go back in time; if such a file
        has gaps, and the recording was changed after it was opened.
    """
    sfreq, n_times = float(raw.info["sfreq"]), len(raw.times)
    whole = Timeline(sfreq, n_times, np.zeros(1, int), np.zeros(1))
    path = Path(raw.filenames[0]) if raw.filenames[0] else Path()
    if path.suffix.lower() not in (".edf", ".bdf"):
        return whole, marks_of(raw)
    records = read_edf_records(path)
    if records is None:
        return whole, marks_of(raw)
    size = round(records.length_s * sfreq)
    firsts = np.arange(len(records.starts_s)) * size
    timeline = Timeline(sfreq, n_times, firsts, records.starts_s)
    backward = timeline.gaps()[1] < 0
    if backward.any():
        place = timeline.gaps()[0][backward][0]
        raise UserError(
            f"{path}: its data record {place // size + 1} begins at {timeline.seconds(place):g} s, "
            "before the one ahead of it ends; save its pieces as files of their own"
        )
    as_opened = raw.first_samp == 0 and n_times == size * len(firsts)
    if not len(timeline.gaps()[0]):
        # MNE's times are right, and what was annotated since is there.
        return (timeline if as_opened else whole), marks_of(raw)
    if not as_opened or not _held(marks_of(raw)) <= _held(records.marks):
        raise UserError(
            f"{path}: it has gaps in time, of which MNE-Python does not know; give it as it is, or "
            "its pieces as files of their own"
        )
    return timeline, records.marks


def _held(marks: list[Mark]) -> set[tuple[float, str]]:
    return {(round(one.onset_s, 3), one.text) for one in marks}
