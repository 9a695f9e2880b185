"""What a user may ask to be cleaned of a recording, and how it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multisource.errors import UserError
from multisource.recordings.account import Account
from multisource.recordings.amplitudes import check_amplitudes, zero_reference
from multisource.recordings.bad_channels import check_count, find_bad, interpolated


@dataclass(frozen=True)
class Cleaning:
    """What is to be cleaned.

    Attributes
    ----------
    bad : tuple of str
        Channels of the study that are bad.
    find_bad : bool
        Whether others are looked for.
    notch_hz : tuple of float
        Frequencies that are filtered out, Hz.
    positions : ndarray of shape (E, 3) or None
        Where the electrodes are, mm; needed where channels are interpolated.
    """

    bad: tuple[str, ...] = ()
    find_bad: bool = False
    notch_hz: tuple[float, ...] = ()
    positions: np.ndarray | None = None


def judge_channels(
    segments: Sequence[np.ndarray],
    sfreq: float,
    channels: Sequence[str],
    cleaning: Cleaning,
    account: Account,
    *,
    zero: Sequence[str],
    name: str,
    wide: Sequence[np.ndarray] | None = None,
) -> tuple[list[str], str | None]:
    """Find the bad channels, and refuse what cannot be EEG in the others.

    Parameters
    ----------
    segments : sequence of ndarray of shape (E, T_i)
        Filtered EEG in V.
    sfreq : float
        Sampling rate in Hz.
    channels : sequence of str
        Names of the E channels.
    cleaning : Cleaning
        What is asked for.
    account : Account
        Gets what is found.
    zero : sequence of str
        Channels that are zero throughout in the file.
    name : str
        How messages call the recording.
    wide : sequence of ndarray of shape (E, T_i), optional
        The EEG in which bad channels are looked for, with its high frequencies.

    Returns
    -------
    bad : list of str
        Bad channels.
    reference : str or None
        The channel that the others were recorded against, if it is among them.

    Raises
    ------
    UserError
        For a flat or loud channel that is not known as bad, or too many bad ones.
    """
    eeg = np.concatenate(list(segments), axis=1)
    known = list(cleaning.bad)
    if known:
        account.add("bad channels", f"known: {', '.join(known)}", channels=known)
    rest = [k for k, channel in enumerate(channels) if channel not in known]
    reference = zero_reference(eeg[rest], [channels[k] for k in rest], zero)
    found: dict[str, str] = {}
    if cleaning.find_bad:
        but = [*known, *([reference] if reference else [])]
        looked_at = eeg if wide is None else np.concatenate(list(wide), axis=1)
        found = find_bad(looked_at, sfreq, channels, but)
        told = "; ".join(f"{channel} ({why})" for channel, why in found.items()) or "none"
        account.add("bad channels", f"found: {told}", channels=list(found))
    bad = [channel for channel in channels if channel in (*known, *found)]
    check_count(bad, channels, name=name)
    rest = [k for k, channel in enumerate(channels) if channel not in bad]
    check_amplitudes(eeg[rest], [channels[k] for k in rest], name=name, reference=reference)
    return bad, reference


def mended(
    segments: Sequence[np.ndarray],
    sfreq: float,
    channels: Sequence[str],
    bad: Sequence[str],
    cleaning: Cleaning,
    account: Account,
) -> list[np.ndarray]:
    """Interpolate bad channels.

    Parameters
    ----------
    segments : sequence of ndarray of shape (E, T_i)
        EEG in V.
    sfreq : float
        Sampling rate in Hz.
    channels : sequence of str
        Names of the E channels.
    bad : sequence of str
        Bad channels.
    cleaning : Cleaning
        Has the places.
    account : Account
        Gets what is done.

    Returns
    -------
    list of ndarray of shape (E, T_i)
        EEG in V.

    Raises
    ------
    UserError
        If there are bad channels, and no places.
    """
    if not bad:
        return list(segments)
    if cleaning.positions is None:
        raise UserError("bad channels are interpolated by the places of the electrodes; give them")
    account.add("interpolated", f"{', '.join(bad)}, by spherical splines", channels=bad)
    return interpolated(segments, sfreq, channels, cleaning.positions, bad)
