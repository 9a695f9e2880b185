"""What a file of EEG holds: a continuous recording, epochs or averages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from multisource.errors import UserError
from multisource.fif_chain import check_chain
from multisource.recordings.bad_channels import known_bad
from multisource.recordings.events import choose_event
from multisource.recordings.matching import match_channels
from multisource.recordings.reading import open_raw, unreadable

if TYPE_CHECKING:
    import mne

    Contents: TypeAlias = mne.io.BaseRaw | mne.BaseEpochs | list[mne.Evoked]


def open_contents(path: str | Path, *, preload: bool = True) -> Contents:
    """Open a file by its kind: MNE's -epo.fif and -ave.fif, EEGLAB's epochs, or a recording.

    Parameters
    ----------
    path : str or Path
        The file.
    preload : bool
        Whether to read the samples of a recording or of -epo.fif; those of the other kinds always
        are.

    Returns
    -------
    mne.io.BaseRaw, mne.BaseEpochs or list of mne.Evoked
        What the file holds.

    Raises
    ------
    UserError
        If the file is missing or MNE cannot read it.
    """
    import mne

    if not Path(path).exists():
        raise UserError(f"{path}: the recording does not exist")
    check_chain(path)
    stem = Path(path).name.removesuffix(".gz")
    try:
        if stem.endswith(("-epo.fif", "_epo.fif")):
            return mne.read_epochs(path, preload=preload, verbose="error")
        if stem.endswith(("-ave.fif", "_ave.fif")):
            averages = mne.read_evokeds(path, verbose="error")
            if not averages:
                raise ValueError("it holds no average")
            return averages
        if stem.endswith(".set") and _holds_eeglab_epochs(path):
            return mne.read_epochs_eeglab(path, verbose="error")
    except Exception as error:  # every reader of MNE has its own exceptions
        raise unreadable(path, error) from error
    return open_raw(path, preload=preload)


def _holds_eeglab_epochs(path: str | Path) -> bool:
    import mne

    try:
        mne.io.read_raw_eeglab(path, preload=False, verbose="error")
    except TypeError:  # MNE's way to say that there are several
        return True
    return False


def check_channels(
    contents: Contents,
    channels: Sequence[str],
    bad_channels: str | Sequence[str] | None = None,
    *,
    name: str,
) -> list[str]:
    """Check that a file has the channels of the study, and find which are known to be bad.

    Parameters
    ----------
    contents : mne.io.BaseRaw, mne.BaseEpochs or list of mne.Evoked
        What the file holds.
    channels : sequence of str
        Names of the study's channels.
    bad_channels : str or sequence of str, optional
        What is asked for, see :func:`multisource.recordings.bad_channels.known_bad`.
    name : str
        How messages call the file.

    Returns
    -------
    list of str
        Bad channels of the study.

    Raises
    ------
    UserError
        If the file lacks one of the channels, or marks one as bad and nothing is to be done.
    """
    first = contents[0] if isinstance(contents, list) else contents
    own = match_channels(first.ch_names, channels, name=name, spared=True)
    marked = [one for one, k in zip(channels, own, strict=True) if k in first.info["bads"]]
    if bad_channels is not None:
        return known_bad(bad_channels, marked, channels, name=name)
    if marked:
        raise UserError(
            f"{name}: channel(s) {', '.join(marked)} are marked as bad; interpolate them by "
            f"bad_channels: marked, or do without them by leave_out: [{', '.join(marked)}]"
        )
    return []


def condition_of(averages: Sequence[mne.Evoked], wanted: str | None, *, name: str) -> mne.Evoked:
    """Choose the average of a condition.

    Parameters
    ----------
    averages : sequence of mne.Evoked
        What the file holds.
    wanted : str or None
        Name of the condition; None for the only one that there is.
    name : str
        How messages call the file.

    Returns
    -------
    mne.Evoked
        The average.

    Raises
    ------
    UserError
        If there is no such condition, or several and none is named.
    """
    by_name: Mapping[str, mne.Evoked] = {
        one.comment or str(k): one for k, one in enumerate(averages)
    }
    if wanted is None:
        if len(by_name) > 1:
            listed = ", ".join(map(repr, by_name))
            raise UserError(f"{name}: it holds several averages ({listed}); name one in events")
        return averages[0]
    return by_name[choose_event(by_name, wanted, name=name)]
