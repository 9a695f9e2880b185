"""Priors of smooth currents, shared by LORETA and LAURA: inverse of a sparse B'B, applied by LU."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from multisource.inverse import solver_leadfield

# Arrays (N, k) to arrays of the same shape.
Prior = Callable[[np.ndarray], np.ndarray]


def smooth_prior(operator: sp.csr_array, epsilon: float, weights: np.ndarray) -> Prior:
    """Return the map X -> Omega^-1 (B'B + epsilon tr(B'B)/N I)^-1 Omega^-1 X, by one sparse LU.

    Parameters
    ----------
    operator : sparse array of shape (N, N)
        B.
    epsilon : float
        Share of the identity, of the mean diagonal of B'B.
    weights : ndarray of shape (N,)
        Diagonal of Omega.

    Returns
    -------
    callable
        X (N, k) to an array of the same shape.
    """
    penalty = operator.T @ operator
    n = penalty.shape[0]
    penalty = penalty + epsilon * penalty.diagonal().sum() / n * sp.eye_array(n)
    factor = splu(
        sp.csc_array(penalty),
        permc_spec="MMD_AT_PLUS_A",
        options={"SymmetricMode": True},
        diag_pivot_thresh=0.0,
    )
    inverse = 1.0 / weights[:, None]
    return lambda x: inverse * factor.solve(np.ascontiguousarray(inverse * x))


def prior_gain(
    leadfield: solver_leadfield.SolverLeadfield, prior: Prior, root: np.ndarray | None
) -> np.ndarray:
    """Apply the prior to the leadfield.

    Parameters
    ----------
    leadfield : SolverLeadfield
        L.
    prior : callable
        Of :func:`smooth_prior`.
    root : ndarray of shape (N, 3, 3) or None
        O, the root of the orientation prior; None for I.

    Returns
    -------
    ndarray of shape (N * orientations, E)
        R L' for R = O (prior (x) I_d) O, with d orientations.
    """
    n_channels = len(leadfield.gain)
    gain = leadfield.gain.T.reshape(-1, leadfield.orientations, n_channels)
    if root is not None:
        gain = root @ gain
    result = prior(gain.reshape(len(gain), -1)).reshape(gain.shape)
    if root is not None:
        result = root @ result
    return result.reshape(-1, n_channels)
