"""Values that can be EEG, and those that cannot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from multisource.errors import UserError

FLAT_V = 1e-8  # an electrode in a gel has more noise than 10 nV
LOUD_V = 5e-3  # EEG beyond 5 mV rms is in the wrong unit


def check_finite(
    eeg: np.ndarray, channels: Sequence[str], *, name: str, from_s: float, sfreq: float
) -> None:
    """Refuse values that are not finite.

    Parameters
    ----------
    eeg : ndarray of shape (E, T)
        In V.
    channels : sequence of str
        Names of the E channels.
    name : str
        How messages call the recording.
    from_s : float
        When the first sample was taken, s.
    sfreq : float
        Sampling rate, Hz.

    Raises
    ------
    UserError
        With the first such channel and its time.
    """
    wrong = ~np.isfinite(eeg)
    if wrong.any():
        first = int(np.flatnonzero(wrong.any(axis=0))[0])
        channel = channels[int(np.flatnonzero(wrong[:, first])[0])]
        raise UserError(
            f"{name}: it holds values that are not finite, the first in {channel} at "
            f"{from_s + first / sfreq:.3f} s; annotate such spans as BAD"
        )


def zero_reference(eeg: np.ndarray, channels: Sequence[str], zero: Sequence[str]) -> str | None:
    """Return the channel that is zero because the others were recorded against its electrode.

    Parameters
    ----------
    eeg : ndarray of shape (E, T)
        In V, without drifts.
    channels : sequence of str
        Names of the E channels.
    zero : sequence of str
        Channels that are zero throughout in the file.

    Returns
    -------
    str or None
        The channel; None if none, or several, are zero, and in average reference, where no
        electrode is zero but a dead one.
    """
    found = [channel for channel in channels if channel in zero]
    if len(found) != 1 or len(channels) < 3:
        return None
    rest = eeg[[channel not in found for channel in channels]]
    return found[0] if rest.mean(axis=0).std() > 1e-3 * rest.std(axis=1).max() else None


def check_amplitudes(
    eeg: np.ndarray, channels: Sequence[str], *, name: str, reference: str | None = None
) -> None:
    """Refuse values that cannot be EEG.

    Parameters
    ----------
    eeg : ndarray of shape (E, T)
        In V, without drifts.
    channels : sequence of str
        Names of the E channels.
    name : str
        How messages call the recording.
    reference : str, optional
        The channel that may be flat, of :func:`zero_reference`.

    Raises
    ------
    UserError
        If a channel is flat or too large to be EEG.
    """
    spread = eeg.std(axis=1)
    if 0 < spread.max() < FLAT_V:
        raise UserError(
            f"{name}: no channel is above {spread.max():.1g} V rms, EEG has some 1e-5 V; the "
            "file's unit is wrong: correct it"
        )
    flat = (spread < FLAT_V) & (np.array(channels) != reference)
    for bad, what in ((flat, "flat"), (spread > LOUD_V, "above 5 mV rms")):
        if bad.any():
            names = ", ".join(np.array(channels)[bad])
            raise UserError(
                f"{name}: channel(s) {names} are {what}; name them in bad_channels or leave_out, "
                "or repair the recording"
            )
