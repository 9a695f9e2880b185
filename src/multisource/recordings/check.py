"""Recordings checked by their headers, before hours are spent on a head for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from multisource.errors import UserError
from multisource.recordings.contents import (
    check_channels,
    choose_event,
    condition_of,
    event_onsets,
    has_stimulus_channel,
    open_contents,
)
from multisource.recordings.settings import RecordingSettings, recording_settings


def recordings_mistakes(
    entries: Mapping[str, Mapping[str, Any]], files: Mapping[str, Path], channels: Sequence[str]
) -> Iterable[str]:
    """Yield a line for each recording whose file does not hold what the study needs.

    entries: the section ``recordings``; files: where each recording lies; channels: the study's.
    Samples are not read: their values are checked where the windows are cut.
    """
    for name, entry in entries.items():
        try:
            check_header(files[name], channels, recording_settings(entry))
        except UserError as error:
            yield f"recordings.{name}: {error}"


def check_header(path: Path, channels: Sequence[str], settings: RecordingSettings) -> None:
    """Raise UserError if the file cannot be read, lacks a channel, or knows no such event."""
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
