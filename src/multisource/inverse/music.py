"""RAP-MUSIC and TRAP-MUSIC of MNE-Python: dipoles one after the other in the signal subspace.

References: Mosher & Leahy 1999 (IEEE Trans. Signal Process. 47: 332-340), Makela et al. 2018
(NeuroImage 167: 73-83).
"""

from __future__ import annotations

from collections.abc import Sequence

import mne
import numpy as np

from multisource.errors import UserError, refuse
from multisource.inverse.contract import Measured, Study
from multisource.inverse.mne_windows import Given, given_to_mne, window_by_window
from multisource.inverse.opponent_options import MOST_DIPOLES, music_mistakes
from multisource.inverse.points import map_of_dipoles, spread


def estimate(
    forward: mne.Forward,
    eeg: np.ndarray,
    *,
    kind: str,
    sfreq: float,
    noise_covariance: np.ndarray | None = None,
    study: Study | None = None,
    measured: Measured | None = None,
    true_sources: Sequence[int] | None = None,
    dipoles: int | str = "auto",
    threshold: float = 4.0,
    spread_mm: float = 0.0,
) -> np.ndarray:
    """Estimate maps by ``mne.beamformer.rap_music`` or ``trap_music``, dipoles along the normals.

    Parameters
    ----------
    forward : mne.Forward
        Operator B, free orientation.
    eeg : ndarray of shape (S, E, T)
        Windows in V.
    kind : str
        ``rap_music`` or ``trap_music``.
    sfreq : float
        Sampling rate in Hz.
    noise_covariance : ndarray of shape (E, E) or None
        Shape of the noise's covariance, as for ``mne_windows.given_to_mne``.
    study : Study or None
        Says how strong the background is.
    measured : Measured or None
        Says the same of a recording.
    true_sources : sequence of int of length S or None
        The true number of sources of each window, for ``dipoles: true_number``.
    dipoles : int or str
        How many dipoles: a number; ``auto``, as many as the whitened window has components above
        the threshold (:func:`signal_dimension`); or ``true_number``, which no method is told in
        practice.
    threshold : float
        Of a component's variance, in units of the given noise's.
    spread_mm : float
        Diameter over which each dipole is spread in mm, 0: not.

    Returns
    -------
    ndarray of shape (S, N)
        Maps, float32.

    Raises
    ------
    UserError
        If an option is out of range, the windows do not fit or the true number is not known.
    """
    refuse(music_mistakes(kind=kind, dipoles=dipoles, threshold=threshold, spread_mm=spread_mm))
    if dipoles == "true_number" and (true_sources is None or len(true_sources) < len(eeg)):
        raise UserError("dipoles: true_number; that of these windows is not known")
    given = given_to_mne(
        forward, noise_covariance=noise_covariance, sfreq=sfreq, study=study, measured=measured
    )
    music = {"rap_music": mne.beamformer.rap_music, "trap_music": mne.beamformer.trap_music}[kind]
    numbers = iter(() if true_sources is None else true_sources)

    def solve(evoked: mne.Evoked) -> np.ndarray:
        if dipoles == "true_number":
            number = next(numbers)
        elif dipoles == "auto":
            number = signal_dimension(given, evoked, threshold)
        else:
            number = int(dipoles)
        if number == 0:
            return np.zeros(given.forward["nsource"])
        found = music(evoked, given.forward, given.noise, n_dipoles=number, verbose="error")
        return map_of_dipoles(found, given.forward)

    return spread(forward, window_by_window(kind, given, eeg, solve), spread_mm)


def signal_dimension(given: Given, evoked: mne.Evoked, threshold: float) -> int:
    """Return how many components of a window stand out of the noise.

    Parameters
    ----------
    given : Given
        With the noise.
    evoked : mne.Evoked
        The window.
    threshold : float
        A component counts if its variance, after whitening by the noise, is larger.

    Returns
    -------
    int
        1 to ``MOST_DIPOLES``: the method has no answer "none".
    """
    whitener, _ = mne.cov.compute_whitener(
        given.noise, given.info, rank={"eeg": len(given.info["ch_names"]) - 1}, verbose="error"
    )
    white = whitener @ evoked.data
    variances = np.linalg.svd(white, compute_uv=False) ** 2 / white.shape[1]
    return int(np.clip((variances > threshold).sum(), 1, MOST_DIPOLES))
