"""Real EEG recordings of any format MNE-Python reads, checked and made ready for fits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from multisource.errors import UserError
from multisource.fif_chain import check_chain
from multisource.recordings.account import Account
from multisource.recordings.brainvision import is_plain, write_plain
from multisource.recordings.cleaning import Cleaning
from multisource.recordings.companions import companions
from multisource.recordings.continuous import (
    ContinuousEEG,
    prepare_recording,
    samples_of,
    unbroken,
)
from multisource.recordings.matching import match_channels
from multisource.recordings.timeline import timeline_of

if TYPE_CHECKING:
    import mne

_NOTHING = Cleaning()


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
    raw = open_raw(path, preload=False)
    to_sfreq = min(sfreq, float(raw.info["sfreq"]))
    return read_continuous(raw, channels, name=str(path), to_sfreq=to_sfreq, shortest_s=shortest_s)


def read_continuous(
    raw: mne.io.BaseRaw,
    channels: Sequence[str],
    *,
    name: str,
    to_sfreq: float,
    shortest_s: float,
    band_hz: Sequence[float] | None = None,
    from_s: float = 0.0,
    to_s: float = np.inf,
    cleaning: Cleaning = _NOTHING,
) -> ContinuousEEG:
    """Read the named channels of an open recording, stretch by stretch.

    What is marked as bad is cut out first, so that neither filter nor resampling smears it.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        All of a recording; is left with the named channels.
    channels : sequence of str
        Names of the channels.
    name : str
        How messages call the recording.
    to_sfreq : float
        The rate that is wanted, Hz.
    shortest_s : float
        Least length of usable data, s.
    band_hz : sequence of float, optional
        Lowest and highest frequency that pass; by default all above 0.5 Hz.
    from_s, to_s : float
        What is used of the recording, s.
    cleaning : Cleaning, optional
        What is cleaned; by default nothing.

    Returns
    -------
    ContinuousEEG
        The recording.

    Raises
    ------
    UserError
        If it lacks a channel, holds a flat or loud channel, values that are not finite, or less
        than ``shortest_s`` of usable data.
    """
    timeline, marks = timeline_of(raw)
    own = match_channels(raw.ch_names, channels, name=name)
    account = Account()
    whole = f"{timeline.n_times / timeline.sfreq:.1f} s at {timeline.sfreq:g} Hz"
    account.add("file", f"{whole}, {len(own)} of {len(raw.ch_names)} channels are the study's")
    spans = unbroken(
        timeline,
        [mark for mark in marks if mark.concerns(own)],
        account,
        from_s=from_s,
        to_s=to_s,
    )
    raw.pick(own)
    raw.reorder_channels(own)
    try:
        raw.load_data(verbose="error")
    except Exception as error:  # every reader of MNE has its own exceptions
        raise unreadable(name, error) from error
    segments, starts = samples_of(raw, spans, timeline, name=name)
    return prepare_recording(
        segments,
        timeline.sfreq,
        channels,
        name=name,
        shortest_s=shortest_s,
        band_hz=band_hz,
        starts_s=starts,
        to_sfreq=to_sfreq,
        account=account,
        cleaning=cleaning,
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
    check_chain(path)
    try:
        if Path(path).suffix.lower() in (".vhdr", ".ahdr"):
            return _open_brainvision(Path(path), preload=preload)
        try:
            return mne.io.read_raw(path, preload=preload, verbose="error")
        except Exception as error:
            # EDF+ asks for UTF-8; older programs write Latin-1.
            if "latin1" not in str(error):
                raise
            return mne.io.read_raw(path, preload=preload, encoding="latin1", verbose="error")
    except Exception as error:  # every reader of MNE has its own exceptions
        raise unreadable(path, error) from error


def _open_brainvision(path: Path, *, preload: bool) -> mne.io.BaseRaw:
    """Open a header of any encoding; what MNE cannot decode, from a copy in UTF-8."""
    import mne

    texts = [one for one in companions(path) if one.suffix.lower() not in (".eeg", ".dat", ".seg")]
    if all(map(is_plain, texts)):
        return mne.io.read_raw(path, preload=preload, verbose="error")
    with TemporaryDirectory() as folder:
        return mne.io.read_raw(write_plain(path, folder), preload=preload, verbose="error")


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
