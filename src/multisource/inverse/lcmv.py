"""The LCMV beamformer of MNE-Python, with the covariance of each window.

Reference: Van Veen et al. 1997 (IEEE Trans. Biomed. Eng. 44: 867-880).
"""

from __future__ import annotations

import mne
import numpy as np

from multisource.errors import refuse
from multisource.inverse.contract import Measured, Study
from multisource.inverse.kernel import post_process
from multisource.inverse.mne_windows import given_to_mne, window_by_window
from multisource.inverse.opponent_options import lcmv_mistakes
from multisource.inverse.points import spread


def estimate(
    forward: mne.Forward,
    eeg: np.ndarray,
    *,
    sfreq: float,
    noise_covariance: np.ndarray | None = None,
    study: Study | None = None,
    measured: Measured | None = None,
    regularisation: float = 0.05,
    weight_norm: str = "nai",
    spread_mm: float = 0.0,
) -> np.ndarray:
    """Estimate maps by ``mne.beamformer.make_lcmv``, dipoles along the normals.

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
    regularisation : float
        Share of the whitened covariance's trace that is added to its diagonal.
    weight_norm : str
        ``nai`` (neural activity index), ``unit-noise-gain``, or ``unit-gain`` for none.
    spread_mm : float
        Diameter over which each value is spread in mm, 0: not.

    Returns
    -------
    ndarray of shape (S, N)
        Maps, float32.

    Raises
    ------
    UserError
        If an option is out of range or the windows do not fit.
    """
    refuse(
        lcmv_mistakes(
            kind="lcmv",
            regularisation=regularisation,
            weight_norm=weight_norm,
            spread_mm=spread_mm,
        )
    )
    given = given_to_mne(
        forward, noise_covariance=noise_covariance, sfreq=sfreq, study=study, measured=measured
    )
    names, projs = given.info["ch_names"], given.info["projs"]

    def solve(evoked: mne.Evoked) -> np.ndarray:
        covariance = evoked.data @ evoked.data.T / evoked.data.shape[1]
        filters = mne.beamformer.make_lcmv(
            given.info,
            given.forward,
            mne.Covariance(covariance, names, [], projs, evoked.data.shape[1], verbose="error"),
            reg=regularisation,
            noise_cov=given.noise,
            weight_norm=None if weight_norm == "unit-gain" else weight_norm,
            rank={"eeg": len(names) - 1},
            verbose="error",
        )
        found = mne.beamformer.apply_lcmv(evoked, filters, verbose="error")
        return post_process(np.abs(found.data))

    return spread(forward, window_by_window("lcmv", given, eeg, solve), spread_mm)
