"""What the solvers take from an MNE forward: the average-referenced leadfield and its geometry."""

from __future__ import annotations

from dataclasses import dataclass

import mne
import numpy as np
from scipy.linalg import null_space

from multisource.errors import UserError, refuse
from multisource.inverse.kernel import average_reference
from multisource.inverse.options import orientation_mistakes, snr_mistakes


@dataclass(frozen=True)
class SolverLeadfield:
    """The average-referenced leadfield and the geometry of its dipoles.

    Attributes
    ----------
    gain : ndarray of shape (E, N * orientations)
        Leadfield, V/(A m), average-referenced.
    orientations : int
        3 (free, loose) or 1 (fixed).
    norms : ndarray of shape (N,)
        Column norms over channels and orientations of the *free* leadfield, V/(A m).
    normals : ndarray of shape (N, 3)
        Unit normals of the dipoles.
    channels : list of str
        Names of the E channels.
    """

    gain: np.ndarray
    orientations: int
    norms: np.ndarray
    normals: np.ndarray
    channels: list[str]


def prepare(forward: mne.Forward, orientation: str) -> SolverLeadfield:
    """Average-reference the gain and, for ``fixed``, take the component along the normals.

    The normals are those of the source vertices: the simulated dipoles point along them.

    Parameters
    ----------
    forward : mne.Forward
        Operator B, free orientation.
    orientation : str
        ``free``, ``loose`` or ``fixed``.

    Returns
    -------
    SolverLeadfield
        The leadfield and its geometry.

    Raises
    ------
    UserError
        For an unknown orientation, a forward that is not free, or a dipole whose leadfield is zero.
    """
    refuse(orientation_mistakes(orientation))
    if mne.forward.is_fixed_orient(forward):
        raise UserError(
            "forward: orientation fixed; the solvers need a free one (3 columns per dipole)"
        )
    gain = average_reference(forward["nchan"]) @ forward["sol"]["data"]
    normals = source_normals(forward)
    frames = np.asarray(forward["source_nn"], float).reshape(-1, 3, 3)
    gain = gain.reshape(len(gain), -1, 3)
    norms = np.sqrt((gain**2).sum(axis=(0, 2)))
    if (norms == 0).any():
        raise UserError(f"forward: {int((norms == 0).sum())} dipoles have a leadfield of zero")
    # Columns run along the axes of ``source_nn`` (xyz, or the surface frame): back to xyz.
    gain = np.einsum("enk,nkx->enx", gain, frames)
    if orientation == "fixed":
        gain, width = np.einsum("enx,nx->en", gain, normals), 1
    else:
        gain, width = gain.reshape(len(gain), -1), 3
    return SolverLeadfield(gain, width, norms, normals, list(forward["sol"]["row_names"]))


def source_normals(forward: mne.Forward) -> np.ndarray:
    """Return the normals of the used vertices.

    Parameters
    ----------
    forward : mne.Forward
        A forward solution with its source spaces.

    Returns
    -------
    ndarray of shape (N, 3)
        Unit vectors in the coordinate frame of the forward.
    """
    normals = np.concatenate([s["nn"][s["vertno"]] for s in forward["src"]])
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def orientation_root(
    leadfield: SolverLeadfield, orientation: str, loose: float
) -> np.ndarray | None:
    """Return the square root of the orientation prior.

    Parameters
    ----------
    leadfield : SolverLeadfield
        Whose normals are taken.
    orientation : str
        ``free``, ``loose`` or ``fixed``.
    loose : float
        Variance of the tangential components, relative to the normal's.

    Returns
    -------
    ndarray of shape (N, 3, 3) or None
        nn' + sqrt(loose) (I - nn') for ``loose``; None, which stands for I, otherwise.

    Raises
    ------
    UserError
        If ``loose`` is out of range.

    References
    ----------
    Lin et al. 2006.
    """
    if orientation != "loose":
        return None
    refuse(orientation_mistakes(orientation, loose))
    outer = leadfield.normals[:, :, None] * leadfield.normals[:, None, :]
    return outer + np.sqrt(loose) * (np.eye(3) - outer)


def regularised_kernel(
    leadfield: SolverLeadfield,
    prior_gain: np.ndarray,
    snr: float,
    noise_covariance: np.ndarray | None,
) -> np.ndarray:
    """Return the regularised inverse T = R L' (L R L' + alpha C)^+.

    C is the noise covariance after average reference, H for white noise, and the pseudo-inverse an
    inverse in the space of potentials without mean. alpha = tr(C^-1 L R L') / (E - 1) / snr^2,
    MNE-Python's convention: snr is that of the average channel after whitening.

    Parameters
    ----------
    leadfield : SolverLeadfield
        L.
    prior_gain : ndarray of shape (N * orientations, E)
        R L'.
    snr : float
        Amplitude signal-to-noise ratio.
    noise_covariance : ndarray of shape (E, E) or None
        C before average reference; None for white noise.

    Returns
    -------
    ndarray of shape (N * orientations, E)
        T.

    Raises
    ------
    UserError
        If ``snr`` is out of range or the covariance is refused by :func:`check_noise`.
    """
    refuse(snr_mistakes(snr))
    n_channels = len(leadfield.gain)
    basis = null_space(np.ones((1, n_channels)))
    gram = basis.T @ leadfield.gain @ prior_gain @ basis
    noise = np.eye(n_channels - 1)
    if noise_covariance is not None:
        noise = basis.T @ check_noise(noise_covariance, n_channels) @ basis
    alpha = np.trace(np.linalg.solve(noise, gram)) / (n_channels - 1) / snr**2
    inner = gram + alpha * noise
    return np.linalg.solve(inner.T, (prior_gain @ basis).T).T @ basis.T


def background_covariance(forward: mne.Forward, white: float = 1e-3) -> np.ndarray:
    """Return the sensor covariance of brain noise.

    Every dipole is active alike, independently, along its normal.

    Parameters
    ----------
    forward : mne.Forward
        Operator B, free orientation.
    white : float
        Share of white noise added, of the mean variance of a channel; it bounds how far the inverse
        trusts the directions that the brain hardly reaches.

    Returns
    -------
    ndarray of shape (E, E)
        Covariance, scaled to a mean variance of 1 before the white noise is added.
    """
    gain = prepare(forward, "fixed").gain
    covariance = gain @ gain.T
    return covariance / np.mean(np.diag(covariance)) + white * np.eye(len(gain))


def check_noise(noise_covariance: np.ndarray, n_channels: int) -> np.ndarray:
    """Check a noise covariance.

    Parameters
    ----------
    noise_covariance : array-like of shape (E, E)
        The covariance.
    n_channels : int
        E.

    Returns
    -------
    ndarray of shape (E, E)
        The same in float64.

    Raises
    ------
    UserError
        If the shape is another, the matrix is not symmetric, or its rank after average reference is
        below E - 1.
    """
    noise_covariance = np.asarray(noise_covariance, float)
    if noise_covariance.shape != (n_channels, n_channels):
        raise UserError(
            f"noise_covariance: shape {noise_covariance.shape}; the forward has {n_channels} "
            "channels"
        )
    if not np.allclose(noise_covariance, noise_covariance.T, rtol=1e-6, atol=0):
        raise UserError("noise_covariance: not symmetric")
    basis = null_space(np.ones((1, n_channels)))
    values = np.linalg.eigvalsh(basis.T @ noise_covariance @ basis)
    if not values[0] > 1e-10 * values[-1]:
        raise UserError(
            "noise_covariance: no rank E - 1 after average reference; add white noise to it"
        )
    return noise_covariance
