"""MNE, dSPM, sLORETA and eLORETA from MNE-Python, as kernels.

The kernel is read off MNE-Python's public interface: ``apply_inverse`` on the unit potential of
each channel returns its columns exactly, whatever the library does inside.

References: Hamalainen & Ilmoniemi 1994 (minimum norm), Dale et al. 2000 (dSPM),
Pascual-Marqui 2002 (sLORETA), 2007 (eLORETA), Lin et al. 2006 (loose orientation, depth).
"""

from __future__ import annotations

import mne
import numpy as np

from multisource.errors import UserError, refuse
from multisource.inverse import solver_leadfield
from multisource.inverse.kernel import Kernel
from multisource.inverse.options import minimum_norm_mistakes, snr_mistakes

METHODS = {"mne": "MNE", "dspm": "dSPM", "sloreta": "sLORETA", "eloreta": "eLORETA"}


def build_kernel(
    forward: mne.Forward,
    *,
    kind: str,
    snr: float = 3.0,
    orientation: str = "free",
    loose: float = 0.2,
    depth: float = 0.0,
    noise_covariance: np.ndarray | None = None,
) -> Kernel:
    """Build the kernel of one of MNE-Python's minimum norm solvers.

    Parameters
    ----------
    forward : mne.Forward
        Operator B, free orientation.
    kind : str
        ``mne``, ``dspm``, ``sloreta`` or ``eloreta``.
    snr : float
        lambda2 = 1 / snr^2, relative to the mean eigenvalue of the whitened leadfield.
    orientation : str
        ``free`` (three components per dipole), ``loose`` (tangential variance ``loose``) or
        ``fixed`` (along the vertex normals).
    loose : float
        Variance of the tangential components, relative to the normal's.
    depth : float
        Exponent of the depth weighting (0 none, 0.8 MNE-Python's default). eLORETA's own weights
        replace it: it takes neither depth nor loose orientation.
    noise_covariance : ndarray of shape (E, E), optional
        In V^2; identity by default. Only its shape matters to mne, sloreta and eloreta; it scales
        dspm as a whole.

    Returns
    -------
    Kernel
        Matrix (N * orientations, E).

    Raises
    ------
    UserError
        For options out of range or a combination that the solver does not have.
    """
    if kind not in METHODS:
        raise UserError(f"kind: {kind!r}; allowed: {', '.join(METHODS)}")
    refuse(snr_mistakes(snr))
    refuse(minimum_norm_mistakes(kind=kind, orientation=orientation, loose=loose, depth=depth))
    channels = list(forward["sol"]["row_names"])
    evoked = unit_potentials(channels)
    operator = inverse_operator(
        forward,
        evoked.info,
        orientation=orientation,
        loose=loose,
        depth=depth,
        noise_covariance=noise_covariance,
    )
    estimate = mne.minimum_norm.apply_inverse(
        evoked,
        operator,
        lambda2=1.0 / snr**2,
        method=METHODS[kind],
        pick_ori=None if orientation == "fixed" else "vector",
        use_cps=False,
        verbose="error",
    )
    width = 1 if orientation == "fixed" else 3
    matrix = np.asarray(estimate.data, float).reshape(-1, len(channels))
    return Kernel(matrix, width, channels, {"kind": kind})


def unit_potentials(channels: list[str]) -> mne.Evoked:
    """Make an evoked response whose sample k is 1 V at channel k.

    Parameters
    ----------
    channels : list of str
        Names of the E channels.

    Returns
    -------
    mne.Evoked
        E samples, with the average reference as a projector.
    """
    info = mne.create_info(channels, sfreq=1.0, ch_types="eeg", verbose="error")
    evoked = mne.EvokedArray(np.eye(len(channels)), info, nave=1, verbose="error")
    # The solvers remove the mean of the leadfield only where the data carry this projector.
    return evoked.set_eeg_reference("average", projection=True, verbose="error")


def inverse_operator(
    forward: mne.Forward,
    info: mne.Info,
    *,
    orientation: str,
    loose: float,
    depth: float,
    noise_covariance: np.ndarray | None = None,
) -> mne.minimum_norm.InverseOperator:
    """Build MNE-Python's inverse operator for noise on average-referenced channels.

    Parameters
    ----------
    forward : mne.Forward
        Operator B, free orientation.
    info : mne.Info
        Channels, with the average reference as a projector.
    orientation : str
        ``free``, ``loose`` or ``fixed``.
    loose : float
        As for :func:`build_kernel`.
    depth : float
        As for :func:`build_kernel`.
    noise_covariance : ndarray of shape (E, E), optional
        In V^2; identity, which is white noise, by default.

    Returns
    -------
    mne.minimum_norm.InverseOperator
        The operator.

    Raises
    ------
    UserError
        If the covariance is refused by ``solver_leadfield.check_noise``.
    """
    n_channels = len(info["ch_names"])
    if noise_covariance is None:
        noise_covariance = np.eye(n_channels)
    noise_covariance = solver_leadfield.check_noise(noise_covariance, n_channels)
    covariance = mne.Covariance(
        noise_covariance, info["ch_names"], bads=[], projs=info["projs"], nfree=1
    )
    if orientation == "fixed":
        forward = mne.convert_forward_solution(
            forward, surf_ori=True, use_cps=False, verbose="error"
        )
    return mne.minimum_norm.make_inverse_operator(
        info,
        forward,
        covariance,
        loose={"free": 1.0, "loose": loose, "fixed": 0.0}[orientation],
        depth=depth or None,
        fixed=orientation == "fixed",
        rank={"eeg": n_channels - 1},
        use_cps=False,
        verbose="error",
    )
