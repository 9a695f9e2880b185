"""Epochs and windows that are too large to be EEG of the brain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from multisource.errors import UserError
from multisource.recordings.account import Account, counted

REJECTED = "rejected"  # the step's name


def quiet(
    epochs: np.ndarray,
    most_uv: float,
    channels: Sequence[str],
    account: Account,
    *,
    name: str,
    what: str = "epoch",
    each_s: float = 0.0,
) -> np.ndarray:
    """Find the epochs of which no channel exceeds a peak-to-peak amplitude.

    Parameters
    ----------
    epochs : ndarray of shape (K, E, T)
        EEG in V, in average reference.
    most_uv : float
        The largest peak-to-peak amplitude, microvolts.
    channels : sequence of str
        Names of the E channels.
    account : Account
        Gets what is left out.
    name : str
        How messages call the recording.
    what : str
        What an epoch is called: ``epoch`` or ``window``.
    each_s : float
        How much of a recording goes with a window, s.

    Returns
    -------
    ndarray of int
        Numbers of the epochs that are kept.

    Raises
    ------
    UserError
        If none is.
    """
    spans = 1e6 * np.ptp(epochs, axis=2)
    loud = spans > most_uv
    lost = loud.any(axis=1)
    most = np.argsort(-loud.sum(axis=0), kind="stable")[:3]
    worst = ", ".join(f"{channels[k]} {counted(int(loud[:, k].sum()), 'time')}" for k in most)
    if len(epochs) and lost.all():
        raise UserError(
            f"{name}: reject_uv {most_uv:g}: each {what} exceeds it (most often {worst}); the "
            f"median is {np.median(spans.max(axis=1)):.0f} microvolts"
        )
    told = f"{counted(int(lost.sum()), what)} of {len(epochs)} above {most_uv:g} microvolts"
    account.add(
        REJECTED,
        f"{told}, most often {worst}" if lost.any() else told,
        epochs_lost=int(lost.sum()) if what == "epoch" else 0,
        seconds_lost=each_s * lost.sum(),
    )
    return np.flatnonzero(~lost)
