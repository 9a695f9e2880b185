"""Recordings checked by their headers, before hours are spent on a head for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from multisource.errors import UserError, refuse
from multisource.recordings.contents import check_channels, condition_of
from multisource.recordings.events import choose_events, event_onsets
from multisource.recordings.opening import open_asked
from multisource.recordings.settings import RecordingSettings
from multisource.recordings.timeline import timeline_of


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
    contents = open_asked(path, settings)
    check_channels(contents, channels, settings.bad_channels, name=name)
    if isinstance(contents, list):
        condition_of(contents, settings.events, name=name)
        return
    if not isinstance(contents, mne.BaseEpochs):
        # The records of an interrupted file say when they begin, or it is refused.
        timeline_of(contents)
        highest = contents.info["sfreq"] / 2
        refuse(
            f"{name}: notch_hz {hz:g}: at {contents.info['sfreq']:g} Hz it has nothing from "
            f"{highest:g} Hz on; leave it out"
            for hz in settings.notch_hz
            if hz >= highest
        )
    if settings.events is None:
        return
    if isinstance(contents, mne.BaseEpochs):
        choose_events(contents.event_id, settings.events, name=name)
        return
    try:
        choose_events(event_onsets(contents, stimulus=False), settings.events, name=name)
    except UserError:
        # No annotation: only now the codes are read, which takes seconds for hours of EEG.
        choose_events(event_onsets(contents), settings.events, name=name)
