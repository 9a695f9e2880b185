"""What a user may ask to be cleaned of a recording, and how it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multisource.errors import UserError
from multisource.recordings.account import Account
from multisource.recordings.amplitudes import check_amplitudes, zero_reference
from multisource.recordings.bad_channels import check_count, find_bad, interpolated
from multisource.recordings.components import take_out


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
    components : tuple of str
        Artefacts that are taken out by independent components.
    positions : ndarray of shape (E, 3) or None
        Where the electrodes are, mm; needed for channels that are interpolated and for components.
    """

    bad: tuple[str, ...] = ()
    find_bad: bool = False
    notch_hz: tuple[float, ...] = ()
    components: tuple[str, ...] = ()
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
    *,
    name: str,
    wide: Sequence[np.ndarray] = (),
) -> list[np.ndarray]:
    """Take out artefacts, then interpolate bad channels.

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
        What is asked for.
    account : Account
        Gets what is done.
    name : str
        How messages call the recording.
    wide : sequence of ndarray of shape (E, T_i), optional
        The EEG of 1 to 100 Hz that components are found in.

    Returns
    -------
    list of ndarray of shape (E, T_i)
        EEG in V.

    Raises
    ------
    UserError
        If places are needed and there are none.
    """
    ready = [segment.copy() for segment in segments]
    if not bad and not cleaning.components:
        return ready
    if cleaning.positions is None:
        raise UserError(
            f"{name}: bad_channels and ica need the places of the electrodes; give them"
        )
    if cleaning.components:
        good = [k for k, channel in enumerate(channels) if channel not in bad]
        cleaned = take_out(
            [s[good] for s in ready],
            [s[good] for s in wide],
            sfreq,
            [channels[k] for k in good],
            cleaning.positions[good],
            cleaning.components,
            account,
            name=name,
        )
        for segment, part in zip(ready, cleaned, strict=True):
            segment[good] = part
    if bad:
        account.add("interpolated", f"{', '.join(bad)}, by spherical splines", channels=bad)
        ready = interpolated(ready, sfreq, channels, cleaning.positions, bad)
    return ready
