"""Channels of the study that a recording does without."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from multisource.channels.names import find_names
from multisource.errors import UserError, refuse

FEWEST = 4  # channels of a study, and what is left of them


def kept_channels(channels: Sequence[str], leave_out: Sequence[str], *, name: str) -> list[str]:
    """Return the channels of the study that a recording has.

    Parameters
    ----------
    channels : sequence of str
        Names of the study's channels.
    leave_out : sequence of str
        Names of those that it does without, as people write them.
    name : str
        How messages call the recording.

    Returns
    -------
    list of str
        The others, in the study's order.

    Raises
    ------
    UserError
        If a name is no channel of the study, or fewer than four are left.
    """
    matched = find_names(leave_out, channels)
    meant = {one for names in matched.values() for one in names}
    refuse(
        f"{name}: leave_out: {one!r} is no channel of the study (electrodes.channels)"
        for one in leave_out
        if one not in meant
    )
    kept = [channel for channel, names in matched.items() if not names]
    if len(kept) < FEWEST:
        raise UserError(
            f"{name}: leave_out: {len(kept)} channel(s) are left, {FEWEST} at least are needed"
        )
    return kept


def subset_name(kept: Sequence[str], channels: Sequence[str]) -> str:
    """Name a choice of the study's channels, the same for all recordings that make it.

    Parameters
    ----------
    kept : sequence of str
        The chosen channels.
    channels : sequence of str
        All channels of the study.

    Returns
    -------
    str
        Such as ``46of51-1a2b3c4d``; empty where all are kept.
    """
    if len(kept) == len(channels):
        return ""
    digest = hashlib.blake2b("\n".join(kept).encode(), digest_size=4).hexdigest()
    return f"{len(kept)}of{len(channels)}-{digest}"
