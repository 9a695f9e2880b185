"""The mixed norm of MNE-Python, iteratively reweighted: few dipoles, active in all samples.

Reference: Strohmeier et al. 2016 (IEEE Trans. Med. Imaging 35: 2218-2228).
"""

from __future__ import annotations

import mne
import numpy as np

from multisource.errors import refuse
from multisource.inverse.contract import Measured, Study
from multisource.inverse.mne_windows import given_to_mne, window_by_window
from multisource.inverse.opponent_options import mixed_norm_mistakes
from multisource.inverse.points import map_of_estimate, spread


def estimate(
    forward: mne.Forward,
    eeg: np.ndarray,
    *,
    sfreq: float,
    noise_covariance: np.ndarray | None = None,
    study: Study | None = None,
    measured: Measured | None = None,
    alpha: float = 40.0,
    depth: float = 0.8,
    reweightings: int = 10,
    spread_mm: float = 0.0,
) -> np.ndarray:
    """Estimate maps by ``mne.inverse_sparse.mixed_norm``, dipoles along the normals.

    Parameters
    ----------
    forward : mne.Forward
        Operator B, free orientation.
    eeg : ndarray of shape (S, E, T)
        Windows in V.
    sfreq : float
        Sampling rate in Hz.
    noise_covariance : ndarray of shape (E, E) or None
        Shape of the noise's covariance, as for ``mne_windows.given_to_mne``.
    study : Study or None
        Says how strong the background is.
    measured : Measured or None
        Says the same of a recording.
    alpha : float
        Regularisation, in percent of the one that leaves no dipole.
    depth : float
        Exponent of the depth weighting.
    reweightings : int
        How often the norm is solved; from 2 on it is irMxNE.
    spread_mm : float
        Diameter over which each dipole is spread in mm, 0: not.

    Returns
    -------
    ndarray of shape (S, N)
        Maps, float32; zeros where no dipole is left.

    Raises
    ------
    UserError
        If an option is out of range or the windows do not fit.
    """
    refuse(
        mixed_norm_mistakes(
            kind="mixed_norm",
            alpha=alpha,
            depth=depth,
            reweightings=reweightings,
            spread_mm=spread_mm,
        )
    )
    given = given_to_mne(
        forward, noise_covariance=noise_covariance, sfreq=sfreq, study=study, measured=measured
    )

    def solve(evoked: mne.Evoked) -> np.ndarray:
        found = mne.inverse_sparse.mixed_norm(
            evoked,
            given.forward,
            given.noise,
            alpha,
            loose=0.0,
            depth=depth or None,
            n_mxne_iter=reweightings,
            verbose="error",
        )
        return map_of_estimate(found, given.forward)

    return spread(forward, window_by_window("mixed_norm", given, eeg, solve), spread_mm)
