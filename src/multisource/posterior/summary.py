"""What the chains say of a window: maps, number of sources, and each source with its intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from multisource.certainty.levels import LEVELS
from multisource.certainty.matching import SAME_MM
from multisource.posterior.chain import Record
from multisource.posterior.courses import time_courses
from multisource.posterior.model import PatchModel
from multisource.posterior.moves import MOVES
from multisource.posterior.room import MOST, Scratch, Terms
from multisource.posterior.states import States

LEAST_AGREEMENT = 0.7
LEAST_ACCEPTANCE = 0.005
_COURSES = 12  # samples that the time courses are averaged over


@dataclass(frozen=True)
class Source:
    """One source.

    Attributes
    ----------
    probability : float
        Part of the samples that have it.
    centre : int
        The dipole that is its centre most probably.
    region : ndarray of int
        The fewest dipoles that hold its centre with the credibility asked for.
    radius_mm : ndarray of shape (3,)
        Distance from ``centre`` within which the centre lies, at each of the levels of
        :data:`multisource.certainty.levels.LEVELS`, mm.
    area_mm2 : float
        Area of cortex of the region, mm^2; NaN without the areas of the dipoles.
    extent_mm : tuple of float
        Median of the diameter, and the ends of its interval, mm.
    course : ndarray of shape (3, T)
        Mean of the time course of the dipole at the centre, and the ends of its interval, nAm.
    """

    probability: float
    centre: int
    region: np.ndarray
    radius_mm: np.ndarray
    area_mm2: float
    extent_mm: tuple[float, float, float]
    course: np.ndarray


@dataclass(frozen=True)
class WindowPosterior:
    """What is known of a window.

    Attributes
    ----------
    active : ndarray of shape (N,)
        Probability that a dipole is active.
    coefficient : ndarray of shape (N,)
        Expected l.
    number : ndarray of shape (MOST,)
        Probability of each number of sources, from none.
    sources : tuple of Source
        The sources, as many as are most probable, the most probable first.
    boost : float
        Mean of the boost.
    scale : float
        Mean of the scale.
    noise : float
        Mean variance of sensor noise over the background's.
    widening : float
        Mean variance of the topographies' errors over their own.
    log_evidence : tuple of float
        Natural logarithm of the evidence of the whitened window, the likelihood raised to
        ``trust``, and its standard error; NaN where the chains had one temperature only.
    acceptance : dict of str to float
        Part of the proposals that were accepted, by move.
    agreement : float
        Overlap of the chains' maps of P(active), 0 to 1; of the halves of a single chain.
    warning : str
        What is wrong with the chains; empty if nothing is.
    trust : float
        What the likelihood was raised to.
    disturbed : tuple of int
        Numbers of the disturbances that were taken in.
    """

    active: np.ndarray
    coefficient: np.ndarray
    number: np.ndarray
    sources: tuple[Source, ...]
    boost: float
    scale: float
    noise: float
    widening: float
    log_evidence: tuple[float, float]
    acceptance: dict[str, float]
    agreement: float
    warning: str
    trust: float
    disturbed: tuple[int, ...]


def summarise(
    model: PatchModel,
    window: np.ndarray,
    records: Sequence[Record],
    *,
    credibility: float,
    background_nam: float,
    room: Scratch,
    parts: Terms,
    areas_mm2: np.ndarray | None = None,
    evidence: tuple[float, float] = (float("nan"), float("nan")),
    trust: float = 1.0,
    disturbed: tuple[int, ...] = (),
) -> WindowPosterior:
    """Summarise the chains of a window.

    Parameters
    ----------
    model : PatchModel
        The model.
    window : ndarray of shape (r, T)
        The whitened window.
    records : sequence of Record
        What each chain has left.
    credibility : float
        Of regions and intervals, 0 to 1.
    background_nam : float
        Standard deviation of a background dipole, nAm.
    room : Scratch
        Room for the likelihood.
    parts : Terms
        Parts of at least one state; the first is overwritten.
    areas_mm2 : ndarray of shape (N,), optional
        Area of cortex that each dipole stands for, mm^2.
    evidence : tuple of float
        Logarithm of the evidence and its standard error.
    trust : float
        What the likelihood was raised to.
    disturbed : tuple of int
        Numbers of the disturbances that were taken in.

    Returns
    -------
    WindowPosterior
        The summary.
    """
    samples = States(*(np.concatenate(x) for x in zip(*(r.samples for r in records), strict=True)))
    kept = len(samples.number)
    number = np.bincount(samples.number, minlength=MOST) / kept
    tried = np.sum([r.tried for r in records], axis=0)
    rate = tried[2] / np.maximum(tried[0], 1)
    acceptance = dict(zip(MOVES, rate.tolist(), strict=True))
    agreement = chain_agreement(records, len(model.positions))
    warning = []
    if agreement < LEAST_AGREEMENT:
        warning.append(f"the chains agree on {100 * agreement:.0f} % of the map only")
    moved = tried[2, :3].sum() / max(tried[0, :3].sum(), 1)
    if number[0] < 1 and moved < LEAST_ACCEPTANCE:
        warning.append(f"{100 * moved:.1f} % of the moves of patches were accepted")
    means = samples.values.mean(axis=0)
    return WindowPosterior(
        active=np.sum([r.active for r in records], axis=0) / kept,
        coefficient=np.sum([r.coefficient for r in records], axis=0) / kept,
        number=number,
        sources=_sources(
            model,
            window,
            samples,
            np.concatenate([r.log_likelihood for r in records]),
            credibility,
            background_nam,
            room,
            parts,
            areas_mm2,
        ),
        boost=float(means[0]),
        scale=float(means[1]),
        noise=float(means[2]),
        widening=float(means[3]),
        log_evidence=evidence,
        acceptance=acceptance,
        agreement=agreement,
        warning="; ".join(warning),
        trust=trust,
        disturbed=disturbed,
    )


def chain_agreement(records: Sequence[Record], n_dipoles: int) -> float:
    """Return how far chains agree on where activity is.

    Parameters
    ----------
    records : sequence of Record
        What each chain has left; a single chain is compared half with half, by its centres.
    n_dipoles : int
        N.

    Returns
    -------
    float
        The least overlap of two maps: the sum of the smaller over the sum of the larger values.
    """
    if len(records) > 1:
        maps = [r.active / max(len(r.log_likelihood), 1) for r in records]
    else:
        maps = []
        samples = records[0].samples
        middle = len(samples.number) // 2
        places = [samples.centre[:middle], samples.centre[middle:]]
        valid = [samples.number[:middle], samples.number[middle:]]
        for centre, count in zip(places, valid, strict=True):
            held = centre[np.arange(MOST)[None] < count[:, None]]
            maps.append(np.bincount(held, minlength=n_dipoles) / max(len(count), 1))
    least = 1.0
    for i, first in enumerate(maps):
        for second in maps[:i]:
            union = np.maximum(first, second).sum()
            least = min(least, np.minimum(first, second).sum() / union if union else 1.0)
    return float(least)


def match(
    centres: np.ndarray, number: np.ndarray, reference: np.ndarray, places: np.ndarray
) -> np.ndarray:
    """Match the patches of samples to those of a reference, the nearest pairs first.

    Parameters
    ----------
    centres : ndarray of shape (D, MOST)
        Dipoles at the centres.
    number : ndarray of shape (D,)
        Patches of each sample.
    reference : ndarray of shape (n,)
        Dipoles at the reference's centres.
    places : ndarray of shape (N, 3)
        Positions of the dipoles, mm.

    Returns
    -------
    ndarray of shape (D, n)
        The patch of each sample that is the reference's; -1 where there is none within 40 mm.
    """
    distance = np.linalg.norm(places[centres][:, :, None] - places[reference], axis=3)
    distance[np.arange(MOST)[None] >= number[:, None]] = np.inf
    found = np.full((len(centres), len(reference)), -1)
    every = np.arange(len(centres))
    for _ in reference:
        flat = distance.reshape(len(centres), -1).argmin(axis=1)
        p, n = np.divmod(flat, len(reference))
        good = distance[every, p, n] <= SAME_MM
        found[every[good], n[good]] = p[good]
        distance[every, p, :] = np.inf
        distance[every, :, n] = np.inf
    return found


def _sources(
    model: PatchModel,
    window: np.ndarray,
    samples: States,
    density: np.ndarray,
    credibility: float,
    background_nam: float,
    room: Scratch,
    parts: Terms,
    areas: np.ndarray | None,
) -> tuple[Source, ...]:
    n = int(np.bincount(samples.number).argmax())
    if n == 0:
        return ()
    alike = np.flatnonzero(samples.number == n)
    best = alike[density[alike].argmax()]
    found = match(samples.centre, samples.number, samples.centre[best, :n], model.positions)
    courses = _courses(model, window, samples, found, credibility, background_nam, room, parts)
    sources = []
    for k in range(n):
        rows = np.flatnonzero(found[:, k] >= 0)
        which = found[rows, k]
        dipoles, counts = np.unique(samples.centre[rows, which], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        enough = np.searchsorted(np.cumsum(counts[order]), credibility * len(rows)) + 1
        region = dipoles[order[:enough]]
        centre = int(dipoles[order[0]])
        distance = np.linalg.norm(
            model.positions[samples.centre[rows, which]] - model.positions[centre], axis=1
        )
        tail = (1 - credibility) / 2
        low, middle, high = np.quantile(samples.extent[rows, which], [tail, 0.5, 1 - tail])
        sources.append(
            Source(
                probability=len(rows) / len(found),
                centre=centre,
                region=np.sort(region),
                radius_mm=np.quantile(distance, LEVELS),
                area_mm2=float("nan") if areas is None else float(areas[region].sum()),
                extent_mm=(float(middle), float(low), float(high)),
                course=courses[k],
            )
        )
    return tuple(sorted(sources, key=lambda source: -source.probability))


def _courses(
    model: PatchModel,
    window: np.ndarray,
    samples: States,
    found: np.ndarray,
    credibility: float,
    background_nam: float,
    room: Scratch,
    parts: Terms,
) -> np.ndarray:
    """Return mean and interval (n, 3, T): of the variance within samples and between them."""
    n, n_times = found.shape[1], window.shape[1]
    chosen = np.unique(np.linspace(0, len(found) - 1, _COURSES).astype(int))
    weight = np.zeros(n)
    first, second = np.zeros((n, n_times)), np.zeros((n, n_times))
    for d in chosen:
        mean, variance = time_courses(model, window, samples, int(d), room, parts)
        for k in range(n):
            if (p := found[d, k]) >= 0:
                weight[k] += 1
                first[k] += mean[p]
                second[k] += variance[p] + mean[p] ** 2
    weight = np.maximum(weight, 1)[:, None]
    mean = first / weight
    reach = ndtri((1 + credibility) / 2) * np.sqrt(np.maximum(second / weight - mean**2, 0))
    return background_nam * np.stack([mean, mean - reach, mean + reach], axis=1)
