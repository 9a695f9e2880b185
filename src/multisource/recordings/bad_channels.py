"""Bad channels of a recording: known, looked up or found, and interpolated from the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from multisource.channels.names import find_names
from multisource.channels.table import read_table
from multisource.errors import UserError, refuse
from multisource.recordings.amplitudes import FLAT_V, LOUD_V
from multisource.recordings.at_electrodes import raw_at
from multisource.recordings.bad_by import AUTO, MARKED

# How much sparser than its neighbours' a channel's surroundings are (local outlier factor). On real
# EEG blinks and strong alpha reach 1.6, which is MNE's default and more.
OUTLIER = 2.0
NEIGHBOURS = 20
FEWEST = 10  # channels of which one can be an outlier
# Share of the seconds in which a bad channel is like no other; PREP has 1 %.
UNLIKE = 0.1
# Where more are bad, what the splines give is no recording.
MOST = 1 / 3


def known_bad(
    asked: str | Sequence[str], marked: Sequence[str], channels: Sequence[str], *, name: str
) -> list[str]:
    """Return the bad channels that are known before the EEG is read.

    Parameters
    ----------
    asked : str or sequence of str
        ``marked``, ``auto``, names, or a table of BIDS with the columns name and status.
    marked : sequence of str
        Channels of the study that the file marks as bad.
    channels : sequence of str
        Names of the study's channels.
    name : str
        How messages call the recording.

    Returns
    -------
    list of str
        In the study's order.

    Raises
    ------
    UserError
        For a name that is no channel of the study, a table that cannot be read, or too many.
    """
    bad = set(marked)
    if not isinstance(asked, str):
        matched = find_names(asked, channels)
        meant = {one for names in matched.values() for one in names}
        refuse(
            f"{name}: bad_channels: {one!r} is no channel of the study"
            for one in asked
            if one not in meant
        )
        bad |= {channel for channel, names in matched.items() if names}
    elif asked not in (MARKED, AUTO):
        rows = read_table(asked, ["name", "status"])
        listed = [row["name"] for row in rows if row["status"].lower() == "bad"]
        bad |= {channel for channel, names in find_names(listed, channels).items() if names}
    found = [channel for channel in channels if channel in bad]
    check_count(found, channels, name=name)
    return found


def check_count(bad: Sequence[str], channels: Sequence[str], *, name: str) -> None:
    """Refuse a recording of which too many channels are bad.

    Parameters
    ----------
    bad : sequence of str
        Bad channels.
    channels : sequence of str
        All channels.
    name : str
        How messages call the recording.

    Raises
    ------
    UserError
        If more than a third is bad.
    """
    if len(bad) > MOST * len(channels):
        raise UserError(
            f"{name}: {len(bad)} of {len(channels)} channels are bad ({', '.join(bad)}), a third "
            "at most can be interpolated; do without the worst by leave_out"
        )


def find_bad(
    eeg: np.ndarray,
    sfreq: float,
    channels: Sequence[str],
    but: Sequence[str] = (),
) -> dict[str, str]:
    """Find channels that are flat, too large, noisy, or like no other.

    Noise and likeness are judged as by PREP (``pyprep``), what is large beside the others by MNE's
    ``find_bad_channels_lof``. PREP's criteria of amplitude and spectrum are left out: they take
    strong alpha for bad channels.

    Parameters
    ----------
    eeg : ndarray of shape (E, T)
        EEG in V, without drifts but with its high frequencies.
    sfreq : float
        Sampling rate in Hz.
    channels : sequence of str
        Names of the E channels.
    but : sequence of str
        Those that are not looked at.

    Returns
    -------
    dict of str to str
        Channel -> what is bad.
    """
    import mne
    from pyprep import NoisyChannels

    spread = dict(zip(channels, eeg.std(axis=1), strict=True))
    found = {}
    for channel in channels:
        if channel not in but:
            if spread[channel] < FLAT_V:
                found[channel] = "flat"
            elif spread[channel] > LOUD_V:
                found[channel] = "above 5 mV rms"
    rest = [channel for channel in channels if channel not in (*but, *found)]
    if len(rest) >= FEWEST:
        rows = eeg[[list(channels).index(channel) for channel in rest]]
        # Of a far reference all channels are alike; a mean would carry a bad one to all.
        rows = rows - np.median(rows, axis=0)
        raw = mne.io.RawArray(rows, mne.create_info(rest, sfreq, "eeg"), verbose="error")
        prep = NoisyChannels(raw, do_detrend=False, random_state=0)
        prep.find_bad_by_hfnoise()
        prep.find_bad_by_correlation(frac_bad=UNLIKE)
        outliers = mne.preprocessing.find_bad_channels_lof(
            raw, min(NEIGHBOURS, len(rest) - 1), threshold=OUTLIER, verbose="error"
        )
        for names, why in (
            (outliers, "far from all others"),
            (prep.bad_by_correlation, "like no other"),
            (prep.bad_by_hf_noise, "noisy above 50 Hz"),
        ):
            found |= {str(one): why for one in names}
    return {channel: found[channel] for channel in channels if channel in found}


def interpolated(
    segments: Sequence[np.ndarray],
    sfreq: float,
    channels: Sequence[str],
    positions: np.ndarray,
    bad: Sequence[str],
) -> list[np.ndarray]:
    """Replace bad channels by MNE's spherical splines through the others.

    Parameters
    ----------
    segments : sequence of ndarray of shape (E, T_i)
        EEG in V.
    sfreq : float
        Sampling rate in Hz.
    channels : sequence of str
        Names of the E channels.
    positions : ndarray of shape (E, 3)
        Where the electrodes are, mm.
    bad : sequence of str
        Channels to replace.

    Returns
    -------
    list of ndarray of shape (E, T_i)
        EEG in V.
    """
    ready = []
    for segment in segments:
        raw = raw_at(segment, sfreq, channels, positions)
        raw.info["bads"] = list(bad)
        raw.interpolate_bads(origin=(0.0, 0.0, 0.0), verbose="error")
        ready.append(raw.get_data())
    return ready
