"""LORETA on a cortical mesh, as published, with sparse linear algebra.

Pascual-Marqui, Michel & Lehmann 1994, Int J Psychophysiol 18:49; Pascual-Marqui 1999, Int J
Bioelectromagn 1:75, equations 9-11: the smoothest distribution of depth-weighted currents,

    min_J ||Y - L J||^2 + alpha J' W J,    W = Omega B'B Omega (x) I_3,
    T = W^-1 L' (L W^-1 L' + alpha H)^+,

B the discrete Laplacian, Omega the diagonal of the leadfield's column norms. On the voxel grid of
the original B = A0 - I with A0 the mean over the neighbours; on the mesh A0 is the row-normalised
adjacency (Grova et al. 2006).
"""

from __future__ import annotations

import mne
import numpy as np
import scipy.sparse as sp

from multisource.errors import refuse
from multisource.inverse import solver_leadfield
from multisource.inverse.kernel import Kernel
from multisource.inverse.mesh import neighbours
from multisource.inverse.options import loreta_mistakes
from multisource.inverse.smooth_prior import prior_gain, smooth_prior


def build_kernel(
    forward: mne.Forward,
    *,
    snr: float = 3.0,
    orientation: str = "free",
    loose: float = 0.2,
    depth: float = 1.0,
    epsilon: float = 1e-2,
    noise_covariance: np.ndarray | None = None,
) -> Kernel:
    """Build the kernel of LORETA.

    Parameters
    ----------
    forward : mne.Forward
        Operator B, free orientation, with the triangles of the source space.
    snr : float
        alpha = tr(L W^-1 L') / (E - 1) / snr^2 in the whitened space, as in MNE-Python.
    orientation : str
        As for the minimum norm; B acts on each component alone.
    loose : float
        As for the minimum norm.
    depth : float
        Exponent of the column norms in Omega; 1 as published, 0 for Omega = I.
    epsilon : float
        The mesh has no border, so that B of a constant is 0 and B'B has no inverse;
        B'B + epsilon tr(B'B)/N I has one. It sets the smoothness: the larger, the closer to a
        weighted minimum norm.
    noise_covariance : ndarray of shape (E, E), optional
        In place of H; white noise by default.

    Returns
    -------
    Kernel
        T, (N * orientations, E).

    Raises
    ------
    UserError
        For an option out of range, or a source space without triangles.
    """
    refuse(
        loreta_mistakes(
            kind="loreta", orientation=orientation, loose=loose, depth=depth, epsilon=epsilon
        )
    )
    leadfield = solver_leadfield.prepare(forward, orientation)
    root = solver_leadfield.orientation_root(leadfield, orientation, loose)
    weights = leadfield.norms**depth
    prior = smooth_prior(laplacian(neighbours(forward)), epsilon, weights / weights.mean())
    matrix = solver_leadfield.regularised_kernel(
        leadfield, prior_gain(leadfield, prior, root), snr, noise_covariance
    )
    return Kernel(matrix, leadfield.orientations, leadfield.channels, {"kind": "loreta"})


def laplacian(edges: sp.csr_array) -> sp.csr_array:
    """Return the discrete Laplacian: the mean over the neighbours less the value itself.

    Parameters
    ----------
    edges : sparse array of shape (N, N)
        Edge lengths of the mesh; only where they stand counts.

    Returns
    -------
    sparse array of shape (N, N)
        B = D^-1 A - I.
    """
    adjacency = edges.copy()
    adjacency.data[:] = 1.0
    mean = sp.diags_array(1.0 / adjacency.sum(axis=1)) @ adjacency
    return sp.csr_array(mean - sp.eye_array(edges.shape[0]))
