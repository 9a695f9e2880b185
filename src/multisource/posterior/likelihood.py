"""The likelihood of a window given its patches, exact and compiled.

A whitened window has independent components of time. Component k is Gaussian over space with
covariance

    scale^2 (I + D + sum over active j of (w_j^2 - 1) a_j a_j' + noise * level_k * N
             + sum over patches p of (c_pk t_p t_p' + widening |t_p|^2 N_w))

where D is the covariance of disturbances (0 without any), a_j a dipole's whitened leadfield, w_j =
boost (1 - min(sum_p l_jp, 1)) its weight on its own series, t_p = boost sum_j l_jp / max(sum_q
l_jq, 1) a_j the topography of what follows the centre of patch p, c_pk the variance of that course,
N the covariance of white sensor noise and N_w that of the leadfield's errors. The terms up to the
sum over dipoles hold for all components, so that they are summed and factorised once for each level
of noise; the patches' few topographies are added by their own small determinant, component by
component.
"""

from __future__ import annotations

import numpy as np

from multisource.compiled import njit
from multisource.posterior.factor import factorise, product
from multisource.posterior.model import Geometry, Spectra
from multisource.posterior.room import BOOST, MOST, Scratch, Terms, scratch, terms
from multisource.posterior.states import States, states
from multisource.posterior.topography import forget, own_matrix, superpose, topography

_LARGE = 1e100  # of a product of determinants


@njit(cache=True, inner=True, error_model="numpy")
def _small_factor(
    inner: np.ndarray, course: np.ndarray, n: int, work: np.ndarray, pivot: np.ndarray
) -> float:
    """Factor L P L' of I + D M D, D the roots of the courses' variances. Its determinant."""
    product = 1.0
    for a in range(n):
        value = 1.0 + course[a] * course[a] * inner[a, a]
        for b in range(a):
            left = course[a] * course[b] * inner[a, b]
            for q in range(b):
                left -= work[a, q] * work[b, q] * pivot[q]
            work[a, b] = left / pivot[b]
            value -= work[a, b] * left
        pivot[a] = value
        product *= value
    return product


@njit(cache=True, inner=True, error_model="numpy")
def _small_square(
    outer: np.ndarray,
    course: np.ndarray,
    n: int,
    k: int,
    work: np.ndarray,
    pivot: np.ndarray,
    right: np.ndarray,
) -> float:
    """The part of the quadratic form that the patches take away in component k."""
    square = 0.0
    for a in range(n):
        value = course[a] * outer[a, k]
        for q in range(a):
            value -= work[a, q] * right[q]
        right[a] = value
        square += value * value / pivot[a]
    return square


@njit(cache=True, inner=True, error_model="numpy")
def add_patches(
    spectra: Spectra, classes: np.ndarray, n: int, parts: Terms, base: int, at: int
) -> tuple[float, float]:
    """Add the coupled patches of ``at`` to the factors of ``base``.

    Returns minus half the log determinant and the quadratic form, of all components together.

    Parameters
    ----------
    spectra : Spectra
        Noise and time courses.
    classes : ndarray of int
        Class of each patch's time course, -1 for the mean of all.
    n : int
        Number of patches.
    parts : Terms
        Parts of the likelihood of several states.
    base : int
        The state whose factors are used.
    at : int
        The state whose patches are added.

    Returns
    -------
    half : float
        Minus half the log determinant, of all components together.
    square : float
        The quadratic form.
    """
    n_groups, n_times = parts.groups[base], spectra.roots.shape[1]
    work, course = np.zeros((MOST, MOST)), np.ones(MOST)
    pivot, right = np.zeros(MOST), np.zeros(MOST)
    half, square = parts.base[base], parts.rest[base]
    # A class below 0 is the mean of all: white in these coordinates.
    white = True
    for p in range(n):
        white = white and classes[p] < 0
    outer = parts.outer[at]
    for g in range(n_groups):
        first = spectra.group[g] if n_groups > 1 else 0
        last = spectra.group[g + 1] if n_groups > 1 else n_times
        inner, divided = parts.inner[at, g], parts.divided[at, g]
        for p in range(n):
            for q in range(p + 1):
                inner[p, q] = product(divided[p], divided[q])
        determinant = 1.0
        if white:
            determinant = _small_factor(inner, course, n, work, pivot)
            half += 0.5 * (last - first) * np.log(determinant)
            determinant = 1.0
        for k in range(first, last):
            if not white:
                for p in range(n):
                    course[p] = spectra.roots[classes[p], k] if classes[p] >= 0 else 1.0
                # One logarithm for as many determinants, all above 1, as a number can hold.
                determinant *= _small_factor(inner, course, n, work, pivot)
                if determinant > _LARGE:
                    half += 0.5 * np.log(determinant)
                    determinant = 1.0
            square -= _small_square(outer, course, n, k, work, pivot, right)
        half += 0.5 * np.log(determinant)
    return -half, square


@njit(cache=True)
def evaluate(
    geometry: Geometry,
    spectra: Spectra,
    window: np.ndarray,
    these: States,
    at: int,
    room: Scratch,
    parts: Terms,
    now: int,
) -> None:
    """Compute all parts of a state.

    Parameters
    ----------
    geometry : Geometry
        The dipoles.
    spectra : Spectra
        Noise and time courses.
    window : ndarray of shape (r, T)
        The whitened window.
    these : States
        States of the patches.
    at : int
        Which of them.
    room : Scratch
        Room for the computation.
    parts : Terms
        Parts of the likelihood of several states.
    now : int
        Which of these are written.
    """
    centres, extents, gains = these.centre[at], these.extent[at], these.gain[at]
    n, values = these.number[at], these.values[at]
    count = superpose(geometry, centres, extents, n, room.total, room.active)
    own_matrix(geometry, values[BOOST], count, room, parts.own[now])
    for p in range(n):
        out = parts.topography[now, p]
        topography(geometry, centres[p], extents[p], values[BOOST] * gains[p], room.total, out)
    forget(room.total, room.active, count)
    finish(spectra, window, these.course[at], n, values, room, parts, now)


@njit(cache=True)
def finish(
    spectra: Spectra,
    window: np.ndarray,
    classes: np.ndarray,
    n: int,
    values: np.ndarray,
    room: Scratch,
    parts: Terms,
    now: int,
) -> None:
    """Compute what follows from the own part and the topographies of state ``now``.

    Parameters
    ----------
    spectra : Spectra
        Noise and time courses.
    window : ndarray of shape (r, T)
        The whitened window.
    classes : ndarray of int
        Class of each patch's time course, -1 for the mean of all.
    n : int
        Number of patches.
    values : ndarray of shape (4,)
        Boost, scale, noise and widening.
    room : Scratch
        Room for the computation.
    parts : Terms
        Parts of the likelihood of several states.
    now : int
        The state.
    """
    factorise(spectra, window, n, values, room, parts, now)
    half, square = add_patches(spectra, classes, n, parts, now, now)
    parts.half[now] = half
    parts.square[now] = square


@njit(cache=True)
def log_density(half: float, square: float, size: int, scale: float) -> float:
    """Return the log likelihood, but for the constant -size/2 log(2 pi) of whitened numbers.

    Parameters
    ----------
    half : float
        Minus half the log determinant.
    square : float
        The quadratic form.
    size : int
        Numbers of the window.
    scale : float
        Amplitude of everything, relative to the model's.

    Returns
    -------
    float
        The log likelihood.
    """
    value = half - size * np.log(scale) - 0.5 * square / (scale * scale)
    # A matrix that is not positive definite is no state.
    return value if np.isfinite(value) else -1e300


@njit(cache=True)
def density(parts: Terms, at: int, size: int, scale: float) -> float:
    """Return :func:`log_density` of one of several states.

    Parameters
    ----------
    parts : Terms
        Parts of the likelihood of several states.
    at : int
        The state.
    size : int
        Numbers of the window.
    scale : float
        Amplitude of everything, relative to the model's.

    Returns
    -------
    float
        The log likelihood.
    """
    return log_density(parts.half[at], parts.square[at], size, scale)


def log_likelihood(
    geometry: Geometry,
    spectra: Spectra,
    window: np.ndarray,
    centres: np.ndarray,
    extents_mm: np.ndarray,
    *,
    boost: float,
    scale: float = 1.0,
    noise: float = 0.0,
    widening: float = 0.0,
    classes: np.ndarray | None = None,
    gains: np.ndarray | None = None,
) -> float:
    """Return the log likelihood of a window given its patches.

    Parameters
    ----------
    geometry : Geometry
        The dipoles.
    spectra : Spectra
        Noise and time courses.
    window : ndarray of shape (r, T)
        The whitened window.
    centres : ndarray of shape (n,)
        Dipoles at the patches' centres, all different.
    extents_mm : ndarray of shape (n,)
        Diameters, mm.
    boost : float
        Amplitude of the active dipoles over the background.
    scale : float
        Amplitude of everything, relative to the model's.
    noise : float
        Variance of white sensor noise over the background's at the mean channel.
    widening : float
        Variance of what the patches' topographies are wrong by, relative to their own.
    classes : ndarray of shape (n,), optional
        Class of each patch's time course; by default the mean of the classes.
    gains : ndarray of shape (n,), optional
        Amplitude of each patch's topography over what the leadfield says; by default 1.

    Returns
    -------
    float
        Natural logarithm of the density of the whitened window.
    """
    room, parts, one = scratch(geometry, spectra), terms(geometry, spectra), states(1)
    n = len(centres)
    one.number[0] = n
    one.centre[0, :n], one.extent[0, :n] = centres, extents_mm
    if classes is not None:
        one.course[0, :n] = classes
    if gains is not None:
        one.gain[0, :n] = gains
    one.values[0] = boost, scale, noise, widening
    evaluate(geometry, spectra, window, one, 0, room, parts, 0)
    return float(density(parts, 0, window.size, scale) - 0.5 * window.size * np.log(2 * np.pi))
