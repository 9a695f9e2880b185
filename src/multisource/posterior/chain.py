"""The Markov chain: tempered, trans-dimensional, and screened.

A change of the patches is tried in two stages (Christen & Fox 2005). In the first the dipoles' own
part stays as it is and only the patches' topographies change, which costs a tenth; what passes is
tried again with the whole likelihood. Both together leave the posterior as it is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from multisource.compiled import njit
from multisource.posterior import likelihood as exact
from multisource.posterior import moves
from multisource.posterior import topography as patches
from multisource.posterior.factor import couple, keep_coupling
from multisource.posterior.model import Geometry, Spectra
from multisource.posterior.moves import Births
from multisource.posterior.prior import Prior
from multisource.posterior.room import BOOST, SCALE, Scratch, Terms
from multisource.posterior.settings import change_settings, rescale
from multisource.posterior.states import States

# Sweeps after which the parts of the likelihood are computed afresh.
REFRESH = 200


class Record(NamedTuple):
    """What a run of chains leaves behind.

    Attributes
    ----------
    samples : States
        The states of the untempered chain, in their order.
    log_likelihood : ndarray of shape (D,)
        Of those states.
    active : ndarray of shape (N,)
        How often each dipole was active in them.
    coefficient : ndarray of shape (N,)
        Sum over them of l, cut at 1.
    tried : ndarray of shape (3, 8)
        Moves of the untempered chain: tried, screened and accepted, by ``moves.MOVES``.
    heat : ndarray of shape (D, B)
        Log likelihood of the chain at each temperature.
    """

    samples: States
    log_likelihood: np.ndarray
    active: np.ndarray
    coefficient: np.ndarray
    tried: np.ndarray
    heat: np.ndarray


@njit(cache=True, inner=True)
def _unmoved(geometry: Geometry, these: States, old: int, new: int, p: int) -> bool:
    """Whether patch p, the same in both states, overlaps no patch that differs."""
    if (
        p >= these.number[old]
        or these.centre[old, p] != these.centre[new, p]
        or these.extent[old, p] != these.extent[new, p]
        or these.gain[old, p] != these.gain[new, p]
    ):
        return False
    if these.number[old] != these.number[new]:
        return False
    for q in range(these.number[new]):
        same = (
            these.centre[old, q] == these.centre[new, q]
            and these.extent[old, q] == these.extent[new, q]
        )
        if same:
            continue
        for at in (old, new):
            reach = 0.5 * (these.extent[at, p] + these.extent[at, q])
            # The table of neighbours ends before two large patches cease to touch.
            a, b = these.centre[at, p], these.centre[at, q]
            gap = 0.0
            for x in range(3):
                gap += (geometry.places[a, x] - geometry.places[b, x]) ** 2
            if gap < reach * reach:
                return False
    return True


@njit(cache=True, inner=True)
def _patches(
    geometry: Geometry,
    spectra: Spectra,
    window: np.ndarray,
    these: States,
    old: int,
    new: int,
    ratio: float,
    beta: float,
    room: Scratch,
    parts: Terms,
    rng: np.random.Generator,
) -> tuple[bool, bool]:
    """Try a change of the patches in two stages. Return whether it passed the first, and both."""
    values, spare = these.values[new], len(parts.own) - 1
    boost, scale = values[BOOST], values[SCALE]
    n, m = these.number[new], these.number[old]
    count = patches.superpose(
        geometry, these.centre[new], these.extent[new], n, room.total, room.active
    )
    for p in range(n):
        out = parts.topography[new, p]
        if _unmoved(geometry, these, old, new, p):
            for e in range(len(out)):
                out[e] = parts.topography[old, p, e]
            keep_coupling(p, p, parts, old, new)
        else:
            factor = boost * these.gain[new, p]
            patches.topography(
                geometry, these.centre[new, p], these.extent[new, p], factor, room.total, out
            )
            couple(spectra, p, out, parts, old, new)
    present = exact.density(parts, old, window.size, scale)
    half, square = exact.add_patches(spectra, these.course[new], n, parts, old, new)
    there = beta * (exact.log_density(half, square, window.size, scale) - present) + ratio
    if np.log(rng.random()) >= there:
        patches.forget(room.total, room.active, count)
        return False, False
    left = patches.superpose(
        geometry, these.centre[old], these.extent[old], m, room.before, room.was
    )
    patches.own_change(geometry, boost, count, left, room, parts.own[old], parts.own[new])
    patches.forget(room.before, room.was, left)
    patches.forget(room.total, room.active, count)
    exact.finish(spectra, window, these.course[new], n, values, room, parts, new)
    moved = exact.density(parts, new, window.size, scale)
    for p in range(m):
        if _unmoved(geometry, these, old, new, p):
            keep_coupling(p, p, parts, new, spare)
        else:
            couple(spectra, p, parts.topography[old, p], parts, new, spare)
    half, square = exact.add_patches(spectra, these.course[old], m, parts, new, spare)
    back = beta * (exact.log_density(half, square, window.size, scale) - moved) - ratio
    whole = beta * (moved - present) + ratio
    return True, np.log(rng.random()) < whole + min(0.0, back) - min(0.0, there)


@njit(cache=True, inner=True)
def _keep(
    geometry: Geometry, these: States, at: int, density: float, room: Scratch, into: Record, d: int
) -> None:
    n = these.number[at]
    count = patches.superpose(
        geometry, these.centre[at], these.extent[at], n, room.total, room.active
    )
    for i in range(count):
        j = room.active[i]
        into.active[j] += 1.0
        into.coefficient[j] += min(room.total[j], 1.0)
    patches.forget(room.total, room.active, count)
    out = into.samples
    out.number[d] = n
    for p in range(n):
        out.centre[d, p] = these.centre[at, p]
        out.extent[d, p] = these.extent[at, p]
        out.course[d, p] = these.course[at, p]
        out.gain[d, p] = these.gain[at, p]
    for v in range(4):
        out.values[d, v] = these.values[at, v]
    into.log_likelihood[d] = density


@njit(cache=True)
def run(
    geometry: Geometry,
    spectra: Spectra,
    window: np.ndarray,
    prior: Prior,
    births: Births,
    betas: np.ndarray,
    these: States,
    discard: int,
    thin: int,
    room: Scratch,
    parts: Terms,
    into: Record,
    rng: np.random.Generator,
    warmest: float = 1.0,
) -> None:
    """Run chains at all temperatures, until the record is full.

    Chain t starts from state 2 t; the states 2 t + 1 and the last are room. A sweep is a proposal
    at each temperature. Samples are taken by sweeps, never by what they have cost: states from
    which proposals are cheap would be kept too rarely.

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
    births : Births
        Where new patches are proposed.
    betas : ndarray of shape (B,)
        Exponents of the likelihood, the first 1.
    these : States
        The states; the even ones are where the chains start.
    discard : int
        Sweeps before the first that counts.
    thin : int
        Sweeps from one sample to the next.
    room : Scratch
        Room for the computation.
    parts : Terms
        Parts of the likelihood of several states.
    into : Record
        What is kept.
    rng : numpy.random.Generator
        Source of random numbers.
    warmest : float
        The exponents' factor in the first sweep; it grows to 1 in four fifths of those that do
        not count, so that a chain is not caught where it starts.
    """
    n_chains, size = len(betas), window.size
    current = 2 * np.arange(n_chains)
    other = current + 1
    for sweep in range(discard + thin * len(into.log_likelihood)):
        if sweep % REFRESH == 0:
            # The own parts have been updated in single precision.
            for t in range(n_chains):
                at = current[t]
                exact.evaluate(geometry, spectra, window, these, at, room, parts, at)
        warm = 1.0
        if sweep < 0.8 * discard:
            warm = warmest ** (1.0 - sweep / (0.8 * discard))
        for t in range(n_chains):
            old, new, beta = current[t], other[t], warm * betas[t]
            move = moves.choose(rng)
            if move == moves.SETTINGS:
                screened, taken = change_settings(
                    geometry, spectra, window, prior, these, old, new, beta, room, parts, rng
                )
            else:
                ratio = moves.propose(move, geometry, prior, births, these, old, new, rng)
                screened, taken = False, False
                if np.isfinite(ratio):
                    screened, taken = _patches(
                        geometry,
                        spectra,
                        window,
                        these,
                        old,
                        new,
                        ratio,
                        beta,
                        room,
                        parts,
                        rng,
                    )
            if taken:
                current[t], other[t] = new, old
            if t == 0 and sweep >= discard:
                into.tried[0, move] += 1
                into.tried[1, move] += screened
                into.tried[2, move] += taken
            rescale(these, current[t], prior, beta, size, parts, rng)
        if n_chains > 1:
            t = int(rng.integers(0, n_chains - 1))
            a, b = current[t], current[t + 1]
            gap = exact.density(parts, b, size, these.values[b, SCALE])
            gap -= exact.density(parts, a, size, these.values[a, SCALE])
            if np.log(rng.random()) < warm * (betas[t] - betas[t + 1]) * gap:
                current[t], current[t + 1] = b, a
                other[t], other[t + 1] = other[t + 1], other[t]
        if sweep >= discard and (sweep - discard) % thin == thin - 1:
            kept = (sweep - discard) // thin
            for t in range(n_chains):
                at = current[t]
                into.heat[kept, t] = exact.density(parts, at, size, these.values[at, SCALE])
            _keep(geometry, these, current[0], into.heat[kept, 0], room, into, kept)
