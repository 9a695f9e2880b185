"""Recordings checked by their headers, before hours are spent on a head for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from multisource.recordings.contents import (
    check_channels,
    choose_event,
    condition_of,
    event_onsets,
    has_stimulus_channel,
    open_contents,
)
from multisource.recordings.settings import RecordingSettings


def check_header(path: Path, channels: Sequence[str], settings: RecordingSettings) -> None:
    """Check the header of a file of EEG.

    Parameters
    ----------
    path : Path
        The file.
    channels : sequence of str
        Names of the study's channels.
    settings : RecordingSettings
        What is asked of the recording.

    Raises
    ------
    UserError
        If the file cannot be read, lacks a channel, or knows no such event.
    """
    import mne

    name = str(path)
    contents = open_contents(path, preload=False)
    check_channels(contents, channels, name=name)
    if isinstance(contents, list):
        condition_of(contents, settings.events, name=name)
    elif settings.events is None:
        return
    elif isinstance(contents, mne.BaseEpochs):
        choose_event(contents.event_id, settings.events, name=name)
    elif not has_stimulus_channel(contents):
        choose_event(event_onsets(contents), settings.events, name=name)
