"""The plain average of the maps of other solvers.

Over patients with known foci it came nearer to the focus than each of the maps (Pellegrino et al.
2020, Hum. Brain Mapp. 41: 3019-3033): what the methods invent differs, what they find does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from multisource.errors import UserError
from multisource.inverse.contract import Measured, Study

if TYPE_CHECKING:
    import mne


def estimate(
    forward: mne.Forward,
    eeg: np.ndarray,
    *,
    snr: float,
    noise_covariance: np.ndarray | None = None,
    sfreq: float,
    study: Study | None = None,
    measured: Measured | None = None,
    of: Sequence[Mapping[str, Any]],
) -> np.ndarray:
    """Estimate maps by several solvers and average them.

    Parameters
    ----------
    forward : mne.Forward
        Operator B, free orientation.
    eeg : ndarray of shape (S, E, T)
        Windows in V.
    snr : float
        Amplitude signal-to-noise ratio of those that ask for it and state none.
    noise_covariance : ndarray of shape (E, E) or None
        Of those that take one and state none; None for their own default.
    sfreq : float
        Sampling rate in Hz.
    study : Study or None
        How the study's sources behave, for those that ask for it.
    measured : Measured or None
        The background of a recording, for those that ask for it.
    of : sequence of mapping
        Kind and options of each.

    Returns
    -------
    ndarray of shape (S, N)
        The mean of the maps, each over its largest value; float32.

    Raises
    ------
    UserError
        If there is no solver, or one of them refuses.
    """
    from multisource.inverse.registry import estimates, options

    if not of:
        raise UserError("of: []; name two solvers or more, as [{kind: dspm}, {kind: eloreta}]")
    total = np.zeros((len(eeg), forward["nsource"]))
    for one in of:
        offered = options(one["kind"])
        asked: dict[str, Any] = {"snr": snr} if "snr" in offered else {}
        if noise_covariance is not None and "noise" in offered:
            asked["noise"] = noise_covariance
        found = estimates(
            forward=forward,
            eeg=eeg,
            sfreq=sfreq,
            study=study,
            measured=measured,
            **{**asked, **one},
        )
        maps = np.asarray(found.maps, float)
        largest = maps.max(axis=1, keepdims=True)
        total += maps / np.where(largest > 0, largest, 1.0)
    return (total / len(of)).astype(np.float32)


def check_solvers(*, of: Sequence[Mapping[str, Any]], **_: Any) -> None:
    """Check that the packages of the averaged solvers are installed.

    Parameters
    ----------
    of : sequence of mapping
        Kind and options of each.
    **_ : Any
        The other options, which are not looked at.

    Raises
    ------
    UserError
        If one is missing.
    """
    from multisource.inverse.registry import check_installed

    for one in of:
        options = dict(one)
        check_installed(options.pop("kind"), options)
