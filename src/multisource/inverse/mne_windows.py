"""Windows as MNE-Python's own objects, for its solvers that depend on the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mne
import numpy as np

from multisource.errors import UserError
from multisource.inverse.contract import Measured, Study
from multisource.inverse.kernel import average_reference
from multisource.inverse.solver_leadfield import check_noise, prepare
from multisource.progress import progress


@dataclass(frozen=True)
class Given:
    """What a solver of MNE-Python is given beside the window.

    Attributes
    ----------
    forward : mne.Forward
        Dipoles along the normals, average reference.
    noise : mne.Covariance
        Of the E channels in V^2, of rank E - 1.
    info : mne.Info
        The channels, with the average reference as a projector.
    """

    forward: mne.Forward
    noise: mne.Covariance
    info: mne.Info

    def evoked(self, window: np.ndarray) -> mne.Evoked:
        """Return a window as an evoked response.

        Parameters
        ----------
        window : ndarray of shape (E, T)
            EEG in V.

        Returns
        -------
        mne.Evoked
            In average reference.
        """
        return mne.EvokedArray(np.asarray(window, float), self.info, nave=1, verbose="error")


def given_to_mne(
    forward: mne.Forward,
    *,
    noise_covariance: np.ndarray | None,
    sfreq: float,
    study: Study | None,
    measured: Measured | None,
) -> Given:
    """Prepare what a solver of MNE-Python is given.

    The noise is the brain's background: its covariance has the shape that is given, and the
    amplitude of independent dipoles all over the cortex, seen through the forward.

    Parameters
    ----------
    forward : mne.Forward
        Operator B, free orientation.
    noise_covariance : ndarray of shape (E, E) or None
        Its shape; None for white noise.
    sfreq : float
        Sampling rate in Hz.
    study : Study or None
        Says how strong the background is; 1 nAm a dipole without it.
    measured : Measured or None
        Says the same of a recording.

    Returns
    -------
    Given
        The objects.

    Raises
    ------
    UserError
        If the covariance or the forward is refused (``solver_leadfield``).
    """
    # Refuses a forward that is not free.
    gain = prepare(forward, "fixed").gain
    channels = list(forward["sol"]["row_names"])
    moment_nam = study.simulation["background_nam"] if study else 1.0
    if measured is not None:
        moment_nam = measured.background_nam
    power = (gain**2).sum() / len(gain) * (1e-9 * moment_nam) ** 2
    reference = average_reference(len(channels))
    shape = np.eye(len(channels)) if noise_covariance is None else noise_covariance
    shape = reference @ check_noise(shape, len(channels)) @ reference
    info = mne.create_info(channels, sfreq, "eeg", verbose="error")
    empty = mne.EvokedArray(np.zeros((len(channels), 1)), info, nave=1, verbose="error")
    info = empty.set_eeg_reference("average", projection=True, verbose="error").info
    covariance = mne.Covariance(
        power * len(channels) / np.trace(shape) * shape,
        channels,
        bads=[],
        projs=info["projs"],
        nfree=1,
        verbose="error",
    )
    fixed = mne.convert_forward_solution(
        forward, surf_ori=True, force_fixed=True, use_cps=False, verbose="error"
    )
    fixed["sol"]["data"] = reference @ fixed["sol"]["data"]
    return Given(fixed, covariance, info)


def window_by_window(
    name: str, given: Given, eeg: np.ndarray, solve: Callable[[mne.Evoked], np.ndarray]
) -> np.ndarray:
    """Solve windows one by one.

    Parameters
    ----------
    name : str
        The solver's name, for the progress and for messages.
    given : Given
        The objects of MNE-Python.
    eeg : ndarray of shape (S, E, T)
        Windows in V, any reference.
    solve : callable
        An evoked response to its map (N,).

    Returns
    -------
    ndarray of shape (S, N)
        Maps, float32.

    Raises
    ------
    UserError
        If the windows do not fit or are not finite.
    """
    channels = len(given.info["ch_names"])
    if eeg.ndim != 3 or eeg.shape[1] != channels:
        raise UserError(f"eeg: shape {eeg.shape}; need (windows, {channels}, times)")
    if not np.isfinite(eeg).all():
        raise UserError("eeg: a value is not finite")
    eeg = average_reference(channels) @ eeg
    maps = np.zeros((len(eeg), given.forward["nsource"]), np.float32)
    for result, window in zip(maps, progress(name, eeg, unit="window"), strict=True):
        if window.any():
            result[:] = solve(given.evoked(window))
    return maps
