"""Gamma-MAP of MNE-Python: sparse Bayesian learning of one variance per dipole.

Reference: Wipf et al. 2010 (NeuroImage 49: 641-655).
"""

from __future__ import annotations

import mne
import numpy as np

from multisource.errors import refuse
from multisource.inverse.contract import Measured, Study
from multisource.inverse.mne_windows import given_to_mne, window_by_window
from multisource.inverse.opponent_options import gamma_map_mistakes
from multisource.inverse.points import map_of_estimate, spread


def estimate(
    forward: mne.Forward,
    eeg: np.ndarray,
    *,
    sfreq: float,
    noise_covariance: np.ndarray | None = None,
    study: Study | None = None,
    measured: Measured | None = None,
    alpha: float = 1.0,
    depth: float = 0.8,
    iterations: int = 200,
    spread_mm: float = 0.0,
) -> np.ndarray:
    """Estimate maps by ``mne.inverse_sparse.gamma_map``, dipoles along the normals.

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
        Variance of the noise over the given one.
    depth : float
        Exponent of the depth weighting.
    iterations : int
        Most updates of the variances.
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
        gamma_map_mistakes(
            kind="gamma_map", alpha=alpha, depth=depth, iterations=iterations, spread_mm=spread_mm
        )
    )
    given = given_to_mne(
        forward, noise_covariance=noise_covariance, sfreq=sfreq, study=study, measured=measured
    )

    def solve(evoked: mne.Evoked) -> np.ndarray:
        try:
            found = mne.inverse_sparse.gamma_map(
                evoked,
                given.forward,
                given.noise,
                alpha,
                loose=0.0,
                depth=depth or None,
                maxit=iterations,
                verbose="error",
            )
        except Exception as error:
            # A bare Exception of MNE-Python: for a window of background alone it is the answer.
            if "No active dipoles found" not in str(error):
                raise
            return np.zeros(given.forward["nsource"])
        return map_of_estimate(found, given.forward)

    return spread(forward, window_by_window("gamma_map", given, eeg, solve), spread_mm)
