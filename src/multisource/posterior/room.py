"""Memory of the compiled likelihood: what is computed once and used again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from multisource.compiled import njit
from multisource.posterior.model import Geometry, Spectra

# Patches at most; the compiled functions hold arrays of this many rows.
MOST = 6
# Columns are padded to whole vectors.
LANES = 8
BOOST, SCALE, NOISE, WIDENING = 0, 1, 2, 3


class Scratch(NamedTuple):
    """Room for the computations of one chain.

    Attributes
    ----------
    total : ndarray of shape (N,)
        Sum of l over the patches, zero between calls.
    active : ndarray of shape (N,)
        The active dipoles of the last call.
    picked : ndarray of shape (2 N + 8, r)
        Their rows, float32.
    weight : ndarray of shape (2 N + 8,)
        Their weights, float32.
    product : ndarray of shape (r, r)
        Float32.
    work : ndarray of shape (r * W,)
        What is factorised, with the window beside it.
    before : ndarray of shape (N,)
        As ``total``, of the state that is left.
    was : ndarray of shape (N,)
        As ``active``, of the state that is left.
    """

    total: np.ndarray
    active: np.ndarray
    picked: np.ndarray
    weight: np.ndarray
    product: np.ndarray
    work: np.ndarray
    before: np.ndarray
    was: np.ndarray


class Terms(NamedTuple):
    """The parts of the likelihood of K states.

    Attributes
    ----------
    own : ndarray of shape (K, r, r)
        I + sum over active j of (w_j^2 - 1) a_j a_j'.
    topography : ndarray of shape (K, MOST, r)
        t_p.
    factor : ndarray of shape (K, G, r * W)
        Upper factor of each group's matrix, then the window divided by it, as rows of
        :func:`width` columns.
    divided : ndarray of shape (K, G, MOST, r)
        The topographies divided by the factor.
    inner : ndarray of shape (K, G, MOST, MOST)
        Products of the divided topographies.
    outer : ndarray of shape (K, MOST, T)
        Products of the divided topographies and the divided window.
    rest : ndarray of shape (K,)
        The quadratic form, but for the patches' topographies.
    groups : ndarray of shape (K,)
        Number of groups in use: 1 without noise.
    base : ndarray of shape (K,)
        Half the logarithm of the determinant, but for the patches' topographies.
    half : ndarray of shape (K,)
        Minus half the logarithm of the whole determinant.
    square : ndarray of shape (K,)
        The quadratic form.
    """

    own: np.ndarray
    topography: np.ndarray
    factor: np.ndarray
    divided: np.ndarray
    inner: np.ndarray
    outer: np.ndarray
    rest: np.ndarray
    groups: np.ndarray
    base: np.ndarray
    half: np.ndarray
    square: np.ndarray


@njit(cache=True)
def width(rank: int, size: int) -> int:
    """Return the columns of a factor with what stands beside it.

    Parameters
    ----------
    rank : int
        r.
    size : int
        Number of components of time, T at most.

    Returns
    -------
    int
        A multiple of the vector's length; with T it is W.
    """
    return -(-(rank + size) // LANES) * LANES


def scratch(geometry: Geometry, spectra: Spectra) -> Scratch:
    """Make room for one chain.

    Parameters
    ----------
    geometry : Geometry
        The dipoles.
    spectra : Spectra
        Noise and time courses.

    Returns
    -------
    Scratch
        Arrays of the right sizes.
    """
    n, r = geometry.rows.shape
    n_times = spectra.roots.shape[1]
    return Scratch(
        np.zeros(n),
        np.zeros(n, np.int32),
        np.zeros((2 * n + 8, r), np.float32),
        np.zeros(2 * n + 8, np.float32),
        np.zeros((r, r), np.float32),
        np.zeros(r * width(r, n_times)),
        np.zeros(n),
        np.zeros(n, np.int32),
    )


def terms(geometry: Geometry, spectra: Spectra, n_states: int = 1) -> Terms:
    """Make room for the parts of states.

    Parameters
    ----------
    geometry : Geometry
        The dipoles.
    spectra : Spectra
        Noise and time courses.
    n_states : int
        K.

    Returns
    -------
    Terms
        Arrays of the right sizes.
    """
    r, n_times = geometry.rows.shape[1], spectra.roots.shape[1]
    n_groups = len(spectra.level)
    return Terms(
        np.zeros((n_states, r, r)),
        np.zeros((n_states, MOST, r)),
        np.zeros((n_states, n_groups, r * width(r, n_times))),
        np.zeros((n_states, n_groups, MOST, r)),
        np.zeros((n_states, n_groups, MOST, MOST)),
        np.zeros((n_states, MOST, n_times)),
        np.zeros(n_states),
        np.ones(n_states, np.int64),
        np.zeros(n_states),
        np.zeros(n_states),
        np.zeros(n_states),
    )
