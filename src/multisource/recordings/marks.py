"""Marks in a recording: spans that are bad, edges where it does not go on, and events."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mne

# Where two pieces were joined, in the words of MNE, EEGLAB (-99 where all events are numbers) and
# BrainVision. What EEGLAB gives as the duration of its boundary is the length of what was cut out.
_JOINTS = re.compile(r"(edge|boundary|-99$|new segment)", re.IGNORECASE)
_LASTING = re.compile(r"(bad|edge)", re.IGNORECASE)


@dataclass(frozen=True)
class Mark:
    """An annotation.

    Attributes
    ----------
    onset_s : float
        From the recording's first sample, s.
    duration_s : float
        0 for a moment, s.
    text : str
        Its description.
    channels : tuple of str
        Channels that it is of; none for all.
    """

    onset_s: float
    duration_s: float
    text: str
    channels: tuple[str, ...] = ()

    @property
    def is_bad(self) -> bool:
        """Whether it marks a span as unusable."""
        return self.duration_s > 0 and bool(_LASTING.match(self.text))

    @property
    def is_edge(self) -> bool:
        """Whether the signal does not go on across its onset; a BAD of no length counts."""
        joint = bool(_JOINTS.match(self.text))
        return not self.is_bad and (joint or bool(_LASTING.match(self.text)))

    @property
    def is_event(self) -> bool:
        """Whether it is none of both."""
        return not self.is_bad and not self.is_edge

    def concerns(self, channels: Iterable[str]) -> bool:
        """Say whether it is of any of these channels.

        Parameters
        ----------
        channels : iterable of str
            Names in the recording.

        Returns
        -------
        bool
            True if it names one of them, or none at all.
        """
        return not self.channels or bool(set(self.channels) & set(channels))


def marks_of(raw: mne.io.BaseRaw) -> list[Mark]:
    """Return the annotations of a recording.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        A recording.

    Returns
    -------
    list of Mark
        In order of their onsets.
    """
    # The onsets of MNE count from the begin of the measurement, before the first sample.
    return [
        Mark(float(onset - raw.first_time), float(duration), str(text), tuple(channels))
        for onset, duration, text, channels in zip(
            raw.annotations.onset,
            raw.annotations.duration,
            raw.annotations.description,
            raw.annotations.ch_names,
            strict=True,
        )
    ]
