"""Proposed changes of the patches, with the ratio of prior and proposal densities.

A move writes a new state beside the present one and returns the logarithm of
prior(new) q(old | new) / (prior(old) q(new | old)); minus infinity where the prior has no such
state.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from multisource.compiled import njit
from multisource.posterior.model import Geometry
from multisource.posterior.prior import Prior
from multisource.posterior.room import MOST
from multisource.posterior.states import States, copy_state

SHIFT, RESIZE, TELEPORT, BIRTH, DEATH, SPLIT, MERGE, SETTINGS = range(8)
MOVES = ("shift", "resize", "teleport", "birth", "death", "split", "merge", "settings")
# How often each pair of moves is tried; births and deaths, splits and merges by halves.
_SHARES = (0.40, 0.20, 0.10, 0.12, 0.06)
_RADII = (7.0, 14.0, 28.0)
_STEPS = (1.5, 5.0, 15.0)


class Births(NamedTuple):
    """Where new patches are proposed.

    Attributes
    ----------
    cumulative : ndarray of shape (M,)
        Cumulative probabilities of the allowed dipoles.
    log_density : ndarray of shape (N,)
        Logarithm of each dipole's probability.
    """

    cumulative: np.ndarray
    log_density: np.ndarray


@njit(cache=True, inner=True)
def _within(geometry: Geometry, centre: int, radius: float) -> int:
    """Return how many dipoles lie within a radius, the centre among them."""
    first, last = geometry.start[centre], geometry.start[centre + 1]
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if geometry.distance[middle] <= radius:
            low = middle + 1
        else:
            high = middle
    return low - first


@njit(cache=True, inner=True)
def _nearby(geometry: Geometry, a: int, b: int, radius: float) -> bool:
    """Whether b lies within a radius of a."""
    for i in range(geometry.start[a], geometry.start[a + 1]):
        if geometry.distance[i] > radius:
            return False
        if geometry.near[i] == b:
            return True
    return False


@njit(cache=True, inner=True)
def _born(geometry: Geometry, births: Births, rng: np.random.Generator) -> int:
    place = np.searchsorted(births.cumulative, rng.random() * births.cumulative[-1], side="right")
    return geometry.allowed[min(place, len(geometry.allowed) - 1)]


@njit(cache=True, inner=True)
def course(prior: Prior, rng: np.random.Generator) -> int:
    """Draw a class of time courses; -1 where all are of the mean.

    Parameters
    ----------
    prior : Prior
        What is believed before.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    int
        The class.
    """
    left = rng.random()
    for c in range(len(prior.shares)):
        left -= prior.shares[c]
        if left < 0.0:
            return c
    return len(prior.shares) - 1


@njit(cache=True, inner=True)
def _gain(prior: Prior, rng: np.random.Generator) -> float:
    return np.exp(prior.gain * rng.standard_normal())


@njit(cache=True, inner=True)
def change_gain(
    these: States, at: int, p: int, prior: Prior, step: float, rng: np.random.Generator
) -> float:
    """Change a patch's gain at random, if it is not known.

    Parameters
    ----------
    these : States
        The states.
    at : int
        The state.
    p : int
        Number of a patch.
    prior : Prior
        What is believed before.
    step : float
        Standard deviation of the change of its logarithm.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    float
        Logarithm of the ratio of prior densities.
    """
    if prior.gain == 0.0:
        return 0.0
    before = np.log(these.gain[at, p])
    after = before + step * rng.standard_normal()
    these.gain[at, p] = np.exp(after)
    return 0.5 * (before * before - after * after) / prior.gain**2


@njit(cache=True, inner=True)
def _taken(these: States, at: int, p: int) -> bool:
    """Whether another patch has the centre of patch p."""
    for q in range(these.number[at]):
        if q != p and these.centre[at, q] == these.centre[at, p]:
            return True
    return False


@njit(cache=True, inner=True)
def _remove(these: States, at: int, p: int) -> None:
    last = these.number[at] - 1
    for q in range(p, last):
        these.centre[at, q] = these.centre[at, q + 1]
        these.extent[at, q] = these.extent[at, q + 1]
        these.course[at, q] = these.course[at, q + 1]
        these.gain[at, q] = these.gain[at, q + 1]
    these.number[at] = last


@njit(cache=True, inner=True)
def _add(
    these: States, at: int, place: int, centre: int, extent: float, course: int, gain: float
) -> None:
    for q in range(these.number[at], place, -1):
        these.centre[at, q] = these.centre[at, q - 1]
        these.extent[at, q] = these.extent[at, q - 1]
        these.course[at, q] = these.course[at, q - 1]
        these.gain[at, q] = these.gain[at, q - 1]
    these.number[at] += 1
    these.centre[at, place] = centre
    these.extent[at, place] = extent
    these.course[at, place] = course
    these.gain[at, place] = gain


@njit(cache=True, inner=True)
def choose(rng: np.random.Generator) -> int:
    """Choose a move.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    int
        The move.
    """
    left = rng.random()
    if left < _SHARES[0]:
        return SHIFT
    left -= _SHARES[0]
    if left < _SHARES[1]:
        return RESIZE
    left -= _SHARES[1]
    if left < _SHARES[2]:
        return TELEPORT
    left -= _SHARES[2]
    if left < _SHARES[3]:
        return BIRTH if left < 0.5 * _SHARES[3] else DEATH
    left -= _SHARES[3]
    if left < _SHARES[4]:
        return SPLIT if left < 0.5 * _SHARES[4] else MERGE
    return SETTINGS


@njit(cache=True, inner=True)
def propose(
    move: int,
    geometry: Geometry,
    prior: Prior,
    births: Births,
    these: States,
    old: int,
    new: int,
    rng: np.random.Generator,
) -> float:
    """Write a moved copy of state ``old`` into ``new``; see the module for what is returned.

    Parameters
    ----------
    move : int
        The move, a place in ``MOVES``.
    geometry : Geometry
        The dipoles.
    prior : Prior
        What is believed before.
    births : Births
        Where new patches are proposed.
    these : States
        The states.
    old : int
        The present state.
    new : int
        The proposed state.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    float
        Logarithm of the ratio of prior and proposal densities.
    """
    copy_state(these, old, new)
    n = these.number[old]
    if move == BIRTH:
        return _birth(geometry, prior, births, these, new, rng)
    if move == SPLIT:
        return _split(geometry, prior, these, new, rng)
    if n == 0:
        return -np.inf
    p = rng.integers(0, n)
    if move == DEATH:
        # Each of the n + 1 places of a birth is as probable as each of the n + 1 to die.
        change = prior.number[n - 1] - prior.number[n]
        change += births.log_density[these.centre[old, p]] + np.log(len(geometry.allowed))
        _remove(these, new, p)
        return change
    if move == MERGE:
        return _merge(geometry, prior, these, new, p, rng)
    return _move(move, geometry, prior, births, these, new, p, rng)


@njit(cache=True, inner=True)
def _move(
    move: int,
    geometry: Geometry,
    prior: Prior,
    births: Births,
    these: States,
    new: int,
    p: int,
    rng: np.random.Generator,
) -> float:
    change = 0.0
    centre = these.centre[new, p]
    low, high = prior.extent[0], prior.extent[1]
    if move == TELEPORT:
        these.centre[new, p] = _born(geometry, births, rng)
        change += births.log_density[centre] - births.log_density[these.centre[new, p]]
        these.extent[new, p] = low + rng.random() * (high - low)
    elif move == SHIFT:
        radius = _RADII[rng.integers(0, len(_RADII))]
        around = _within(geometry, centre, radius)
        to = geometry.near[geometry.start[centre] + rng.integers(0, around)]
        these.centre[new, p] = to
        change += np.log(around / _within(geometry, to, radius))
        if not geometry.permitted[to]:
            return -np.inf
    if move == RESIZE or (move == SHIFT and rng.random() < 0.5):
        step = _STEPS[rng.integers(0, len(_STEPS))]
        these.extent[new, p] += step * rng.standard_normal()
        if rng.random() < 0.5:
            # A larger patch has a larger topography, so that both go together.
            change += change_gain(these, new, p, prior, 0.1, rng)
    extent = these.extent[new, p]
    if extent < low or extent > high or _taken(these, new, p):
        return -np.inf
    return change


@njit(cache=True, inner=True)
def _birth(
    geometry: Geometry,
    prior: Prior,
    births: Births,
    these: States,
    new: int,
    rng: np.random.Generator,
) -> float:
    n = these.number[new]
    if n + 1 >= MOST:
        return -np.inf
    change = prior.number[n + 1] - prior.number[n]
    if not np.isfinite(change):
        return -np.inf
    centre = _born(geometry, births, rng)
    extent = prior.extent[0] + rng.random() * (prior.extent[1] - prior.extent[0])
    place = rng.integers(0, n + 1)
    _add(these, new, place, centre, extent, course(prior, rng), _gain(prior, rng))
    if _taken(these, new, place):
        return -np.inf
    return change - births.log_density[centre] - np.log(len(geometry.allowed))


@njit(cache=True, inner=True)
def _split(
    geometry: Geometry, prior: Prior, these: States, new: int, rng: np.random.Generator
) -> float:
    """One patch becomes two, each centred within the largest shift of the one."""
    n = these.number[new]
    if n == 0 or n + 1 >= MOST:
        return -np.inf
    change = prior.number[n + 1] - prior.number[n]
    if not np.isfinite(change):
        return -np.inf
    p = rng.integers(0, n)
    middle = these.centre[new, p]
    radius, low, high = _RADII[-1], prior.extent[0], prior.extent[1]
    around = _within(geometry, middle, radius)
    first = geometry.near[geometry.start[middle] + rng.integers(0, around)]
    second = geometry.near[geometry.start[middle] + rng.integers(0, around)]
    if not (geometry.permitted[first] and geometry.permitted[second]):
        return -np.inf
    # The first keeps class and gain, as the merged one does.
    these.centre[new, p] = first
    these.extent[new, p] = low + rng.random() * (high - low)
    place = rng.integers(0, n + 1)
    extent = low + rng.random() * (high - low)
    _add(these, new, place, second, extent, course(prior, rng), _gain(prior, rng))
    p += place <= p
    if _taken(these, new, place) or _taken(these, new, p):
        return -np.inf
    # Split: 1/n, 1/around^2, 1/(n + 1) for the place. Merge: 1/(n + 1) for the first, 1/n for the
    # second, 1/(around the first). Extents, classes and gains come from the prior on both ways.
    change += 2 * np.log(around) - np.log(_within(geometry, first, radius))
    return change - np.log(len(geometry.allowed))


@njit(cache=True, inner=True)
def _merge(
    geometry: Geometry, prior: Prior, these: States, new: int, p: int, rng: np.random.Generator
) -> float:
    """Two patches become one, centred within the largest shift of both."""
    n = these.number[new]
    if n < 2:
        return -np.inf
    change = prior.number[n - 1] - prior.number[n]
    if not np.isfinite(change):
        return -np.inf
    q = rng.integers(0, n - 1)
    q += q >= p
    first, second = these.centre[new, p], these.centre[new, q]
    radius, low, high = _RADII[-1], prior.extent[0], prior.extent[1]
    around = _within(geometry, first, radius)
    middle = geometry.near[geometry.start[first] + rng.integers(0, around)]
    if not (geometry.permitted[middle] and _nearby(geometry, middle, second, radius)):
        return -np.inf
    these.centre[new, p] = middle
    these.extent[new, p] = low + rng.random() * (high - low)
    _remove(these, new, q)
    p -= q < p
    if _taken(these, new, p):
        return -np.inf
    change += np.log(around) - 2 * np.log(_within(geometry, middle, radius))
    return change + np.log(len(geometry.allowed))
