"""A recording opened with all that belongs to it: alone, or by the tables of its BIDS data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from multisource.recordings.contents import open_contents
from multisource.recordings.marks import Mark, marks_of
from multisource.recordings.reading import unreadable
from multisource.recordings.settings import RecordingSettings

if TYPE_CHECKING:
    import mne

    from multisource.recordings.contents import Contents


def open_asked(path: str | Path, settings: RecordingSettings) -> Contents:
    """Open the file of a recording, its samples not read.

    Parameters
    ----------
    path : str or Path
        The file.
    settings : RecordingSettings
        What is asked of the recording; ``bids`` is looked at.

    Returns
    -------
    mne.io.BaseRaw, mne.BaseEpochs or list of mne.Evoked
        What the file holds.

    Raises
    ------
    UserError
        If MNE cannot read it, or MNE-BIDS cannot read its tables.
    """
    contents = open_contents(path, preload=False)
    return contents if settings.bids is None else _with_tables(contents, path, settings.bids)


def _with_tables(contents: Contents, path: str | Path, root: str) -> Contents:
    """Read a recording with its events, its bad channels and the kinds of its channels."""
    import mne
    import mne_bids

    place = mne_bids.get_bids_path_from_fname(Path(path), verbose="error")
    place.update(root=root)
    try:
        if isinstance(contents, mne.BaseEpochs):
            return mne_bids.read_epochs_bids(place, verbose="error")
        raw = mne_bids.read_raw_bids(place, verbose="error")
    except Exception as error:  # MNE-BIDS passes on what every reader of MNE raises
        raise unreadable(path, error) from error
    assert isinstance(contents, mne.io.BaseRaw)
    return _with_breaks(raw, marks_of(contents))


def _with_breaks(raw: mne.io.BaseRaw, marks: list[Mark]) -> mne.io.BaseRaw:
    """Add where the file itself says that it is bad or does not go on.

    The table of events takes the place of all that the file says, and few tables repeat these.
    """
    known = {(round(one.onset_s * raw.info["sfreq"]), one.text) for one in marks_of(raw)}
    lost = [
        one
        for one in marks
        if not one.is_event and (round(one.onset_s * raw.info["sfreq"]), one.text) not in known
    ]
    for one in lost:
        raw.annotations.append(
            one.onset_s + raw.first_time, one.duration_s, one.text, [one.channels]
        )
    return raw
