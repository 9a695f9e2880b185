"""Changes of boost, noise, widening and scale, of a time course's class and of a patch's gain."""

from __future__ import annotations

import numpy as np

from multisource.compiled import njit
from multisource.posterior import likelihood as exact
from multisource.posterior.factor import keep_factors, keep_own
from multisource.posterior.model import Geometry, Spectra
from multisource.posterior.moves import change_gain, course
from multisource.posterior.prior import Prior
from multisource.posterior.room import BOOST, NOISE, SCALE, WIDENING, Scratch, Terms
from multisource.posterior.states import States, copy_state


@njit(cache=True, inner=True)
def _switch(level: float, prior: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Propose a level that may be none. Return it and the ratio of prior and proposal."""
    none, low, high = prior[0], np.log(prior[1]), np.log(prior[2])
    jump = rng.random() < 0.3
    if jump and level == 0.0:
        if none >= 1.0:
            return 0.0, -np.inf
        return np.exp(low + rng.random() * (high - low)), np.log(1 - none) - np.log(
            max(none, 1e-300)
        )
    if jump:
        if none <= 0.0:
            return level, -np.inf
        return 0.0, np.log(none) - np.log(1 - none)
    if level == 0.0:
        return level, -np.inf
    step = 0.05 if rng.random() < 0.5 else 0.4
    value = np.log(level) + step * rng.standard_normal()
    if value < low or value > high:
        return level, -np.inf
    return np.exp(value), 0.0


@njit(cache=True, inner=True)
def change_settings(
    geometry: Geometry,
    spectra: Spectra,
    window: np.ndarray,
    prior: Prior,
    these: States,
    old: int,
    new: int,
    beta: float,
    room: Scratch,
    parts: Terms,
    rng: np.random.Generator,
) -> tuple[bool, bool]:
    """Try a change of boost, noise, widening or of a class.

    Parameters
    ----------
    geometry : Geometry
        The dipoles.
    spectra : Spectra
        Noise and time courses.
    window : ndarray of shape (r, T)
        The whitened window.
    prior : Prior
        What is believed before.
    these : States
        The states.
    old : int
        The present state.
    new : int
        The proposed state.
    beta : float
        Exponent of the likelihood.
    room : Scratch
        Room for the computation.
    parts : Terms
        Parts of the likelihood of several states.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    tried : bool
        Whether there was something to try.
    taken : bool
        Whether the change is taken.
    """
    copy_state(these, old, new)
    n, values = these.number[new], these.values[new]
    which = rng.integers(0, 4)
    present = exact.density(parts, old, window.size, values[SCALE])
    ratio = 0.0
    if n == 0 and which != 1:
        # Nothing depends on them: they are drawn anew.
        low, high = np.log(prior.boost[0]), np.log(prior.boost[1])
        these.values[old, BOOST] = np.exp(low + rng.random() * (high - low))
        low, high = np.log(prior.widening[1]), np.log(prior.widening[2])
        level = np.exp(low + rng.random() * (high - low))
        these.values[old, WIDENING] = 0.0 if rng.random() < prior.widening[0] else level
        return False, False
    if which == 0:
        if prior.boost[0] == prior.boost[1]:
            return False, False
        step = 0.04 if rng.random() < 0.6 else 0.3
        change = step * rng.standard_normal()
        values[BOOST] *= np.exp(change)
        if values[BOOST] < prior.boost[0] or values[BOOST] > prior.boost[1]:
            return False, False
        if prior.gain > 0.0 and rng.random() < 0.5:
            # The topographies stay, which are known far better than boost or gains.
            for p in range(n):
                before = np.log(these.gain[new, p])
                these.gain[new, p] *= np.exp(-change)
                ratio += 0.5 * (before**2 - (before - change) ** 2) / prior.gain**2
        exact.evaluate(geometry, spectra, window, these, new, room, parts, new)
    else:
        of_course = False
        if which == 1:
            values[NOISE], ratio = _switch(values[NOISE], prior.noise, rng)
        elif which == 2:
            values[WIDENING], ratio = _switch(values[WIDENING], prior.widening, rng)
        else:
            p = rng.integers(0, n)
            if prior.gain > 0.0 and rng.random() < 0.5:
                ratio = change_gain(these, new, p, prior, 0.15, rng)
            else:
                # From the prior, so that prior and proposal cancel.
                of_course = True
                these.course[new, p] = course(prior, rng)
                if these.course[new, p] == these.course[old, p]:
                    return False, False
        if not np.isfinite(ratio):
            return False, False
        if of_course:
            # The factors know nothing of it.
            keep_factors(n, parts, old, new)
            half, square = exact.add_patches(spectra, these.course[new], n, parts, new, new)
            parts.half[new], parts.square[new] = half, square
        else:
            keep_own(n, parts, old, new)
            for p in range(n):
                change = these.gain[new, p] / these.gain[old, p]
                if change != 1.0:
                    for e in range(parts.own.shape[1]):
                        parts.topography[new, p, e] *= change
            exact.finish(spectra, window, these.course[new], n, values, room, parts, new)
    moved = exact.density(parts, new, window.size, values[SCALE])
    return True, np.log(rng.random()) < beta * (moved - present) + ratio


@njit(cache=True, inner=True)
def rescale(
    these: States,
    at: int,
    prior: Prior,
    beta: float,
    size: int,
    parts: Terms,
    rng: np.random.Generator,
) -> None:
    """Try another scale, which needs no new factors.

    Parameters
    ----------
    these : States
        The states.
    at : int
        The state.
    prior : Prior
        What is believed before.
    beta : float
        Exponent of the likelihood.
    size : int
        Numbers of the window.
    parts : Terms
        Parts of the likelihood of several states.
    rng : numpy.random.Generator
        Source of random numbers.
    """
    if prior.scale == 0.0:
        return
    present = these.values[at, SCALE]
    moved = present * np.exp(0.03 * rng.standard_normal())
    ratio = 0.5 * (np.log(present) ** 2 - np.log(moved) ** 2) / prior.scale**2
    ratio += beta * (
        exact.density(parts, at, size, moved) - exact.density(parts, at, size, present)
    )
    if np.log(rng.random()) < ratio:
        these.values[at, SCALE] = moved
