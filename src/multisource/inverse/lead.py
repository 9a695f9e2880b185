"""What the solvers take from an MNE forward: the average-referenced leadfield and its geometry."""

from __future__ import annotations

from dataclasses import dataclass

import mne
import numpy as np
from scipy.linalg import null_space

from multisource.errors import UserError
from multisource.inverse.kernel import average_reference

ORIENTATIONS = ("free", "loose", "fixed")


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
    check_orientation(orientation)
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
    check_loose(loose)
    outer = lead.normals[:, :, None] * lead.normals[:, None, :]
    return outer + np.sqrt(loose) * (np.eye(3) - outer)


def regularised_kernel(lead: Lead, prior_gain: np.ndarray, snr: float) -> np.ndarray:
    """T = R L' (L R L' + alpha H)^+ for R L' = ``prior_gain`` (N * d, E).

    alpha = tr(L R L') / (E - 1) / snr^2, MNE-Python's convention: the signal-to-noise ratio is
    that of the average channel after whitening. H is the covariance of white noise after average
    reference, so the pseudo-inverse is an inverse in the space of potentials without mean.
    """
    check_snr(snr)
    gram = lead.gain @ prior_gain
    alpha = np.trace(gram) / (len(gram) - 1) / snr**2
    basis = null_space(np.ones((1, len(gram))))
    inner = basis.T @ gram @ basis + alpha * np.eye(basis.shape[1])
    return np.linalg.solve(inner.T, (prior_gain @ basis).T).T @ basis.T


def check_orientation(orientation: str) -> None:
    if orientation not in ORIENTATIONS:
        raise UserError(f"orientation: {orientation!r}; allowed: {', '.join(ORIENTATIONS)}")


def check_loose(loose: float) -> None:
    if not 0 < loose <= 1:
        raise UserError(f"loose: {loose}; allowed: above 0, at most 1 (0 is orientation: fixed)")


def check_snr(snr: float) -> None:
    if not (np.isfinite(snr) and snr > 0):
        raise UserError(f"snr: {snr}; allowed: a finite number above 0")


def check_depth(depth: float) -> None:
    if not 0 <= depth <= 2:
        raise UserError(f"depth: {depth}; allowed: 0 (off) to 2")
