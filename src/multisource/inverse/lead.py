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
class Lead:
    """gain: (E, N * d) V/(A m), average-referenced; d = 3 (free, loose) or 1 (fixed).

    norms: (N,) column norms over channels and orientations of the *free* leadfield.
    normals: (N, 3) unit normals of the dipoles.
    """

    gain: np.ndarray
    orientations: int
    norms: np.ndarray
    normals: np.ndarray
    channels: list[str]


def prepare(forward: mne.Forward, orientation: str) -> Lead:
    """Average-reference the gain and, for ``fixed``, take the component along the normals.

    The normals are those of the source vertices: the simulated dipoles point along them.
    Raises UserError for an unknown orientation or a forward that is not free.
    """
    refuse(orientation_mistakes(orientation))
    if mne.forward.is_fixed_orient(forward):
        raise UserError(
            "forward: orientation fixed; the solvers need a free one (3 columns a dipole)"
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
    return Lead(gain, width, norms, normals, list(forward["sol"]["row_names"]))


def source_normals(forward: mne.Forward) -> np.ndarray:
    """(N, 3) unit normals of the used vertices, in the coordinate frame of the forward."""
    normals = np.concatenate([s["nn"][s["vertno"]] for s in forward["src"]])
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def orientation_root(lead: Lead, orientation: str, loose: float) -> np.ndarray | None:
    """(N, 3, 3) square root of the orientation prior, nn' + sqrt(loose) (I - nn'); None if I.

    Lin et al. 2006: the variance of the tangential components is ``loose`` times the normal's.
    """
    if orientation != "loose":
        return None
    refuse(orientation_mistakes(orientation, loose))
    outer = lead.normals[:, :, None] * lead.normals[:, None, :]
    return outer + np.sqrt(loose) * (np.eye(3) - outer)


def regularised_kernel(
    lead: Lead, prior_gain: np.ndarray, snr: float, noise_covariance: np.ndarray | None
) -> np.ndarray:
    """T = R L' (L R L' + alpha C)^+ for R L' = ``prior_gain`` (N * d, E).

    C is the noise covariance after average reference, H for white noise, and the pseudo-inverse
    an inverse in the space of potentials without mean. alpha = tr(C^-1 L R L') / (E - 1) / snr^2,
    MNE-Python's convention: snr is that of the average channel after whitening.
    """
    refuse(snr_mistakes(snr))
    n_channels = len(lead.gain)
    basis = null_space(np.ones((1, n_channels)))
    gram = basis.T @ lead.gain @ prior_gain @ basis
    noise = np.eye(n_channels - 1)
    if noise_covariance is not None:
        noise = basis.T @ check_noise(noise_covariance, n_channels) @ basis
    alpha = np.trace(np.linalg.solve(noise, gram)) / (n_channels - 1) / snr**2
    inner = gram + alpha * noise
    return np.linalg.solve(inner.T, (prior_gain @ basis).T).T @ basis.T


def background_covariance(forward: mne.Forward, white: float = 1e-3) -> np.ndarray:
    """Sensor covariance (E, E) of brain noise: every dipole alike, independent, along its normal.

    white: share of white noise added, of the mean variance of a channel; it bounds how far the
    inverse trusts the directions that the brain hardly reaches. Scaled to a mean variance of 1.
    """
    gain = prepare(forward, "fixed").gain
    covariance = gain @ gain.T
    return covariance / np.mean(np.diag(covariance)) + white * np.eye(len(gain))


def check_noise(noise_covariance: np.ndarray, n_channels: int) -> np.ndarray:
    """The covariance as (E, E) float64; UserError if it is not one of that size."""
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
