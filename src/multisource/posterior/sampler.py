"""One window's posterior: start, chains, and what they leave behind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from multisource.errors import UserError
from multisource.posterior.chain import Record, run
from multisource.posterior.disturbances import LEAST, OUT, Disturbances, strongest
from multisource.posterior.disturbances import MOST as MOST_DISTURBANCES
from multisource.posterior.evidence import log_evidence
from multisource.posterior.likelihood import density, evaluate
from multisource.posterior.model import PatchModel
from multisource.posterior.moves import MOVES
from multisource.posterior.prior import PriorSettings
from multisource.posterior.room import BOOST, NOISE, SCALE, WIDENING, scratch, terms
from multisource.posterior.scan import ScanTable, births, greedy, scan_table
from multisource.posterior.states import States, states
from multisource.posterior.summary import WindowPosterior, summarise
from multisource.posterior.trust import trust

# Distance between the scan's centres, and its extents as parts of their range.
_SPACING_MM = 8.0
_EXTENTS = (0.1, 0.4, 0.8)
_PROPOSED = 1 / 6  # the part of the scan's centres that is left where a network's map is largest
# A proposal costs a third of a likelihood on average, since most do not pass the screening.
_PROPOSALS = 3
_WARMEST = 0.1  # of the likelihood's exponent, at a chain's start
_PRIOR_DRAWS = 400  # of the evidence's last stone


@dataclass(frozen=True)
class SamplerSettings:
    """How much is computed for a window.

    Attributes
    ----------
    budget : int
        Likelihoods of a window, over all chains and temperatures: three times as many proposals,
        most of which are screened by a tenth of one.
    chains : int
        Independent chains, which are compared.
    temperatures : int
        Temperatures of each chain. Only from the second on can the evidence be estimated.
    hottest : float
        Exponent of the likelihood at the hottest temperature.
    discard : float
        Part of the budget that is not kept.
    samples : int
        Samples kept of each chain, at most.
    credibility : float
        Of regions and intervals.
    exponent : float or None
        What the likelihood is raised to: 1 where the leadfield is right. Below, it takes into
        account that the errors of a wrong one do not average out over time. None: by
        :func:`multisource.posterior.trust.trust` of the noise that each window starts from.

    Raises
    ------
    UserError
        If a number is out of range.
    """

    budget: int = 4000
    chains: int = 2
    temperatures: int = 1
    hottest: float = 0.002
    discard: float = 0.3
    samples: int = 400
    credibility: float = 0.8
    exponent: float | None = 1.0

    def __post_init__(self) -> None:
        for name in ("budget", "chains", "temperatures", "samples"):
            if getattr(self, name) < 1:
                raise UserError(f"{name}: {getattr(self, name)}; allowed: 1 or more")
        for name in ("hottest", "credibility"):
            if not 0 < getattr(self, name) < 1:
                raise UserError(f"{name}: {getattr(self, name)}; allowed: between 0 and 1")
        if self.exponent is not None and not 0 < self.exponent <= 1:
            raise UserError(f"exponent: {self.exponent}; allowed: above 0, at most 1")
        if not 0 <= self.discard < 1:
            raise UserError(f"discard: {self.discard}; allowed: 0 or more, below 1")


class Sampler:
    """Draws the posterior of windows, each the same whatever the others are.

    Parameters
    ----------
    model : PatchModel
        The model.
    prior : PriorSettings
        What is believed before.
    settings : SamplerSettings
        How much is computed.
    disturbances : Disturbances, optional
        What a window may be disturbed by beside the brain; by default nothing.
    """

    def __init__(
        self,
        model: PatchModel,
        prior: PriorSettings,
        settings: SamplerSettings,
        disturbances: Disturbances | None = None,
    ) -> None:
        self.model, self.settings, self.prior = model, settings, prior
        self.disturbances = disturbances
        self._compiled = prior.compiled(model.spectra.shares)
        low, high = prior.extent_mm
        extents = low + (high - low) * np.array(_EXTENTS)
        self._table = scan_table(model, spacing_mm=_SPACING_MM, extents_mm=extents)
        geometry, spectra = model.geometry, model.spectra
        n = 2 * settings.temperatures + 1
        self._room = scratch(geometry, spectra)
        self._parts = terms(geometry, spectra, n)
        self._states = states(n)
        none, first, last = prior.noise
        grid = np.geomspace(first, last, round(np.log10(last / first)) + 1)
        self._noise = np.array([0.0, *grid]) if none < 1 else np.zeros(0)
        # To ask for the libraries takes milliseconds, to limit them does not.
        self._libraries = ThreadpoolController()
        self._ladder = np.geomspace(1.0, settings.hottest, settings.temperatures)

    def sample(
        self, window: np.ndarray, *, seed: Sequence[int], proposal: np.ndarray | None = None
    ) -> list[Record]:
        """Run the chains of a window.

        Parameters
        ----------
        window : ndarray of shape (r, T)
            The whitened window.
        seed : sequence of int
            What the random numbers follow from.
        proposal : ndarray of shape (N,), optional
            As for :meth:`posterior`.

        Returns
        -------
        list of Record
            What each chain has left.
        """
        with self._one_thread():
            return self._sample(self._start(window, proposal), window, seed)

    def _one_thread(self) -> AbstractContextManager[Any]:
        """Keep BLAS to one thread: its products are small, and their sums the same on any cores."""
        limit: AbstractContextManager[Any] = self._libraries.limit(limits=1, user_api="blas")
        return limit

    def _sample(self, start: _Start, window: np.ndarray, seed: Sequence[int]) -> list[Record]:
        geometry, settings, these = start.model.geometry, self.settings, self._states
        born = births(start.table, geometry, start.maps)
        records = []
        sweeps = _PROPOSALS * settings.budget // (settings.chains * settings.temperatures)
        discard = round(settings.discard * sweeps)
        thin = max(1, (sweeps - discard) // settings.samples)
        samples = max(1, (sweeps - discard) // thin)
        for chain in range(settings.chains):
            rng = np.random.default_rng([*seed, chain])
            for t in range(settings.temperatures):
                _assign(these, 2 * t, start.first)
            n_dipoles = len(geometry.permitted)
            into = Record(
                states(samples),
                np.zeros(samples),
                np.zeros(n_dipoles),
                np.zeros(n_dipoles),
                np.zeros((3, len(MOVES)), np.int64),
                np.zeros((samples, settings.temperatures)),
            )
            run(
                geometry,
                start.model.spectra,
                window,
                self._compiled,
                born,
                start.trust * self._ladder,
                these,
                discard,
                thin,
                self._room,
                self._parts,
                into,
                rng,
                _WARMEST,
            )
            records.append(into)
        return records

    def posterior(
        self,
        window: np.ndarray,
        *,
        seed: Sequence[int],
        background_nam: float,
        areas_mm2: np.ndarray | None = None,
        proposal: np.ndarray | None = None,
    ) -> WindowPosterior:
        """Run the chains of a window, and summarise them.

        Parameters
        ----------
        window : ndarray of shape (r, T)
            The whitened window.
        seed : sequence of int
            What the random numbers follow from.
        background_nam : float
            Standard deviation of a background dipole, nAm.
        areas_mm2 : ndarray of shape (N,), optional
            Area of cortex that each dipole stands for, mm^2.
        proposal : ndarray of shape (N,), optional
            A map of the window by a network: the chains start from patches where it is largest,
            and new ones are mostly tried there. By default that is so where a scan over all of the
            cortex says.

        Returns
        -------
        WindowPosterior
            The summary.
        """
        with self._one_thread():
            start = self._start(window, proposal)
            records = self._sample(start, window, seed)
            return summarise(
                start.model,
                window,
                records,
                credibility=self.settings.credibility,
                background_nam=background_nam,
                room=self._room,
                parts=self._parts,
                areas_mm2=areas_mm2,
                evidence=self._evidence(start, window, records, seed),
                trust=start.trust,
                disturbed=start.disturbed,
            )

    def _evidence(
        self, start: _Start, window: np.ndarray, records: list[Record], seed: Sequence[int]
    ) -> tuple[float, float]:
        if self.settings.temperatures == 1:
            return float("nan"), float("nan")
        rng = np.random.default_rng([*seed, len(records)])
        drawn = draw_prior(self.model, self.prior, _PRIOR_DRAWS, rng)
        values = np.empty(_PRIOR_DRAWS)
        geometry, spectra = start.model.geometry, start.model.spectra
        for d in range(_PRIOR_DRAWS):
            evaluate(geometry, spectra, window, drawn, d, self._room, self._parts, 0)
            values[d] = density(self._parts, 0, window.size, drawn.values[d, SCALE])
        constant = 0.5 * window.size * np.log(2 * np.pi)
        value, error = log_evidence(start.trust * self._ladder, [r.heat for r in records], values)
        return value - constant, error

    def _start(self, window: np.ndarray, proposal: np.ndarray | None) -> _Start:
        """Return what the chains start from, disturbances that explain enough taken in."""
        table = self._table
        if proposal is not None:
            count = math.ceil(_PROPOSED * len(table.centres))
            table = table.within(proposal, self.model.geometry.allowed, count)
        best = self._search(self.model, table, window, ())
        while self.disturbances is not None and len(best.disturbed) < MOST_DISTURBANCES:
            found = self._candidate(best, window)
            if found is None:
                break
            which, strength = found
            column, disturbed = self.disturbances.columns[:, which], (*best.disturbed, which)
            tried = self._search(best.model.disturbed(column, strength), table, window, disturbed)
            fewer = int(best.first.number[0]) - int(tried.first.number[0])
            # The scan's patches are coarse: what they miss is no disturbance, as with a wrong
            # leadfield.
            if tried.doubt * (tried.density - best.density) < LEAST * (1 - fewer):
                break
            # How it goes over time is not known: whatever lies in its direction is left out.
            best = self._search(best.model.disturbed(column, OUT), table, window, disturbed)
        return best

    def _candidate(self, start: _Start, window: np.ndarray) -> tuple[int, float] | None:
        """Return the disturbance that explains most, and its strength: beside the patches, or in
        the place of one of them.
        """
        assert self.disturbances is not None
        these, parts, room = self._states, self._parts, self._room
        geometry, spectra = start.model.geometry, start.model.spectra
        count = int(start.first.number[0])
        best, found = start.density + LEAST, None
        for left_out in range(-1, count):
            _assign(these, 0, start.first)
            these.course[0] = -1
            if left_out >= 0:
                these.number[0] = count - 1
                for values in (these.centre[0], these.extent[0]):
                    values[left_out : count - 1] = values[left_out + 1 : count]
            evaluate(geometry, spectra, window, these, 0, room, parts, 0)
            n, values = int(these.number[0]), these.values[0]
            which, strength, gain = strongest(start.model, self.disturbances, parts, 0, n, values)
            reached = density(parts, 0, window.size, values[SCALE]) + gain
            if left_out >= 0:
                reached += LEAST
            if reached >= best:
                best, found = reached, (which, strength)
        return found

    def _search(
        self, model: PatchModel, table: ScanTable, window: np.ndarray, disturbed: tuple[int, ...]
    ) -> _Start:
        these, prior = self._states, self.prior
        these.number[0] = 0
        these.course[:] = -1
        these.gain[:] = 1.0
        values = these.values[0]
        values[BOOST], values[SCALE] = np.sqrt(prior.boost[0] * prior.boost[1]), 1.0
        values[NOISE] = prior.noise[1] if prior.noise[0] == 0 else 0.0
        values[WIDENING] = prior.widening[1] if prior.widening[0] == 0 else 0.0
        maps = greedy(
            model,
            table,
            window,
            these,
            sources=prior.sources,
            noise=self._noise,
            free_scale=prior.scale_sd > 0,
            room=self._room,
            parts=self._parts,
        )
        doubt = trust(model.spectra, values[NOISE])
        reached = density(self._parts, 0, window.size, values[SCALE])
        if prior.classes:
            these.course[0] = int(np.argmax(model.spectra.shares))
        first = states(1)
        _assign(first, 0, these)
        exponent = doubt if self.settings.exponent is None else self.settings.exponent
        return _Start(model, table, first, maps, exponent, doubt, reached, disturbed)


@dataclass(frozen=True)
class _Start:
    """What the chains of a window start from.

    ``model`` has the disturbances ``disturbed`` (their numbers), ``first`` is the first state,
    ``maps`` are the scans of ``table`` that led to it and ``density`` is its log likelihood;
    ``trust`` is what the likelihood is raised to in the chains, ``doubt`` what it would be by
    :func:`multisource.posterior.trust.trust`.
    """

    model: PatchModel
    table: ScanTable
    first: States
    maps: list[np.ndarray]
    trust: float
    doubt: float
    density: float
    disturbed: tuple[int, ...]


def draw_prior(
    model: PatchModel, prior: PriorSettings, count: int, rng: np.random.Generator
) -> States:
    """Draw states from the prior.

    Parameters
    ----------
    model : PatchModel
        The model.
    prior : PriorSettings
        What is believed before.
    count : int
        Number of states.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    States
        Independent draws.
    """
    drawn = states(count)
    allowed, shares = model.geometry.allowed, model.spectra.shares
    for d in range(count):
        n = int(rng.integers(prior.sources[0], prior.sources[1] + 1))
        drawn.number[d] = n
        drawn.centre[d, :n] = rng.choice(allowed, n, replace=False)
        drawn.extent[d, :n] = rng.uniform(*prior.extent_mm, n)
        if prior.classes:
            drawn.course[d, :n] = rng.choice(len(shares), n, p=shares)
        drawn.gain[d, :n] = np.exp(prior.gain_sd * rng.standard_normal(n))
        boost = np.exp(rng.uniform(*np.log(prior.boost)))
        scale = np.exp(prior.scale_sd * rng.standard_normal())
        drawn.values[d] = boost, scale, _level(prior.noise, rng), _level(prior.widening, rng)
    return drawn


def _level(prior: tuple[float, float, float], rng: np.random.Generator) -> float:
    none, low, high = prior
    if rng.random() < none:
        return 0.0
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _assign(these: States, at: int, source: States) -> None:
    for target, value in zip(these, source, strict=True):
        target[at] = value[0]
