"""LAURA (local autoregressive averages) on a cortical mesh, as published, with sparse algebra.

Grave de Peralta Menendez et al. 2001, Brain Topogr 14:131; 2004, NeuroImage 21:527: the value at
a point is the average of its neighbours' with weights that fall as a power of distance, as a
field governed by physics would,

    A_ii = (N_V / N_i) sum_k d_ki^-e,    A_ik = -d_ki^-e for k in the vicinity of i,
    M = A W_m,    W_J = (M'M)^-1,    T = W_J L' (L W_J L' + alpha C)^-1,

N_i the number of neighbours of i, N_V the largest there is. The original takes the 26 neighbours
in a voxel grid; on the mesh the vicinity is the ring of vertices joined to i by an edge.
"""

from __future__ import annotations

import mne
import numpy as np
import scipy.sparse as sp

from multisource.errors import UserError, refuse
from multisource.inverse import solver_leadfield
from multisource.inverse.kernel import Kernel
from multisource.inverse.mesh import neighbours
from multisource.inverse.options import exponent_mistakes, laura_mistakes
from multisource.inverse.smooth_prior import prior_gain, smooth_prior


def build_kernel(
    forward: mne.Forward,
    *,
    snr: float = 3.0,
    orientation: str = "free",
    loose: float = 0.2,
    depth: float = 0.0,
    exponent: float = 3.0,
    max_neighbours: int | None = None,
    epsilon: float = 1e-2,
    noise_covariance: np.ndarray | None = None,
) -> Kernel:
    """Build the kernel of LAURA.

    Parameters
    ----------
    forward : mne.Forward
        Operator B, free orientation, with the triangles of the source space.
    snr : float
        As for the minimum norm.
    orientation : str
        As for the minimum norm; A acts on each component alone.
    loose : float
        As for the minimum norm.
    depth : float
        W_m is the diagonal of the leadfield's column norms to this power; 0 for W_m = I.
    exponent : float
        e; 3 for vector fields such as currents, 2 for scalar fields.
    max_neighbours : int, optional
        N_V; by default the largest number of neighbours in the mesh, 26 in the original's grid. The
        larger, the more A is its diagonal and LAURA a weighted minimum norm.
    epsilon : float
        A'A + epsilon tr(A'A)/N I is inverted. With N_V the mesh's own maximum most rows of A sum to
        0 and A'A has next to no inverse without it.
    noise_covariance : ndarray of shape (E, E), optional
        C; white noise by default.

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
        laura_mistakes(
            kind="laura",
            orientation=orientation,
            loose=loose,
            depth=depth,
            epsilon=epsilon,
            exponent=exponent,
            max_neighbours=max_neighbours,
        )
    )
    leadfield = solver_leadfield.prepare(forward, orientation)
    root = solver_leadfield.orientation_root(leadfield, orientation, loose)
    weights = leadfield.norms**depth
    operator = autoregression(neighbours(forward), exponent, max_neighbours)
    prior = smooth_prior(operator, epsilon, weights / weights.mean())
    matrix = solver_leadfield.regularised_kernel(
        leadfield, prior_gain(leadfield, prior, root), snr, noise_covariance
    )
    return Kernel(matrix, leadfield.orientations, leadfield.channels, {"kind": "laura"})


def autoregression(
    edges: sp.csr_array, exponent: float, max_neighbours: int | None = None
) -> sp.csr_array:
    """Build the operator A of LAURA.

    Parameters
    ----------
    edges : sparse array of shape (N, N)
        Edge lengths of the mesh (their unit does not matter).
    exponent : float
        e, the decay with distance.
    max_neighbours : int, optional
        N_V; by default the largest number of neighbours in the mesh.

    Returns
    -------
    sparse array of shape (N, N)
        A.

    Raises
    ------
    UserError
        If the exponent is out of range, or a dipole has more neighbours than ``max_neighbours``.
    """
    refuse(exponent_mistakes(exponent))
    degree = np.diff(edges.indptr)
    largest = int(degree.max())
    if max_neighbours is None:
        max_neighbours = largest
    if max_neighbours < largest:
        raise UserError(
            f"max_neighbours: {max_neighbours}; a dipole of this mesh has {largest} neighbours"
        )
    weights = edges.copy()
    weights.data = (edges.data / edges.data.mean()) ** -exponent
    diagonal = max_neighbours / degree * weights.sum(axis=1)
    return sp.csr_array(sp.diags_array(diagonal) - weights)
