"""The posterior over patches as a solver: what the study simulates is what is believed before."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from multisource.anatomy.source_table import read_source_table
from multisource.errors import UserError, refuse
from multisource.inverse.contract import Estimates, Measured, Study
from multisource.inverse.options import patch_posterior_mistakes
from multisource.leadfield.forward import electrodes_of, leadfield_of
from multisource.posterior.areas import dipole_areas
from multisource.posterior.disturbances import known_disturbances
from multisource.posterior.model import build_model
from multisource.posterior.output import as_variables
from multisource.posterior.prior import PriorSettings
from multisource.posterior.sampler import Sampler, SamplerSettings
from multisource.progress import progress
from multisource.simulation.ar_io import read_models
from multisource.simulation.settings import Settings, settings_from

if TYPE_CHECKING:
    import mne

log = logging.getLogger(__name__)
# Variance of sensor noise over the background's at the mean channel, and of the topographies'
# errors over their own; a quarter of the belief is that there is none.
_NOISE = (0.25, 1e-5, 1e3)
_NOISE_FACTOR = 1.4  # what a measured level may be wrong by
_WIDENING = (0.25, 1e-5, 0.3)
# The boundary elements' topographies of patches have .5 of the amplitude that finite elements give,
# with a standard deviation of .24 of the logarithm from patch to patch.
_GAIN_SD = 0.25
_NEVER = (1.0, 1e-5, 1.0)


def estimate(
    forward: mne.Forward,
    eeg: np.ndarray,
    *,
    sfreq: float,
    study: Study | None,
    measured: Measured | None = None,
    proposal: np.ndarray | None = None,
    operator: str = "bem",
    budget: int = 3000,
    windows: int | None = 50,
    chains: int = 2,
    temperatures: int = 1,
    sources: Sequence[int] | None = None,
    boost_factor: float = 1.5,
    scale_sd: float = 0.5,
    sensor_noise: bool = True,
    mismatch: bool = True,
    disturbances: bool = True,
    trust: float | None = None,
    credibility: float = 0.8,
) -> Estimates:
    """Estimate P(active) and the expected l of every dipole, and the sources.

    Parameters
    ----------
    forward : mne.Forward
        The leadfield, free orientation; the dipoles point along the normals.
    eeg : ndarray of shape (S, E, T)
        Windows in V.
    sfreq : float
        Sampling rate of the windows in Hz.
    study : Study
        How the study's sources behave.
    measured : Measured, optional
        The background of a recording, in the place of the simulation's: its amplitude, and the
        level of its noise to a factor of 1.4.
    proposal : ndarray of shape (S, N), optional
        A network's maps of the windows, where sources are looked for first; by default everywhere.
    operator : str
        Which leadfield the workflow gives: ``bem``, as to all solvers, ``fem``, or ``own``, the one
        that made the windows, for what can be reached at all.
    budget : int
        Likelihoods a window.
    windows : int or None
        The first windows that are solved, the others are left out; None for all.
    chains : int
        Independent chains, which are compared.
    temperatures : int
        Tempered copies of each chain; from 2 on the evidence is estimated.
    sources : sequence of int, optional
        Fewest and most sources; by default those of the simulation.
    boost_factor : float
        The boost lies between the simulation's divided by this and times this.
    scale_sd : float
        Standard deviation of the logarithm of the EEG's scale.
    sensor_noise : bool
        Whether there may be sensor noise.
    mismatch : bool
        Whether the leadfield may be wrong.
    disturbances : bool
        Whether eyes, a muscle or a bad channel may disturb a window: what explains enough beside
        the patches is taken out.
    trust : float, optional
        Exponent of the likelihood; by default 1 with ``fem`` and ``own``, which made the data, and
        with ``bem`` what :mod:`multisource.posterior.trust` says of each window's noise.
    credibility : float
        Of regions and intervals.

    Returns
    -------
    Estimates
        P(active) as the maps, the expected l, and the variables of ``output.as_variables``.

    Raises
    ------
    UserError
        If an option is out of range, the study is not given, or the windows do not fit.
    """
    span = None if sources is None else (int(sources[0]), int(sources[1]))
    refuse(
        patch_posterior_mistakes(
            kind="patch_posterior",
            operator=operator,
            budget=budget,
            windows=windows,
            chains=chains,
            temperatures=temperatures,
            sources=span,
            boost_factor=boost_factor,
            scale_sd=scale_sd,
            sensor_noise=sensor_noise,
            mismatch=mismatch,
            disturbances=disturbances,
            trust=trust,
            credibility=credibility,
        )
    )
    if study is None:
        raise UserError("study: patch_posterior needs to know how the sources behave")
    settings = settings_from(study.simulation)
    prior = PriorSettings(
        sources=span or settings.n_patches,
        extent_mm=settings.extent_mm,
        boost=(settings.boost / boost_factor, settings.boost * boost_factor),
        scale_sd=scale_sd,
        noise=_noise(measured) if sensor_noise else _NEVER,
        widening=_WIDENING if mismatch else _NEVER,
        gain_sd=_GAIN_SD if mismatch else 0.0,
    )
    model = _model(forward, study, settings, eeg, sfreq)
    sampler = Sampler(
        model,
        prior,
        SamplerSettings(
            budget=budget,
            chains=chains,
            temperatures=temperatures,
            credibility=credibility,
            exponent=trust or (None if operator == "bem" else 1.0),
        ),
        known_disturbances(model, electrodes_of(forward), forward["sol"]["row_names"])
        if disturbances
        else None,
    )
    return _solve(
        sampler,
        eeg[:windows],
        study.seed,
        measured.background_nam if measured else settings.background_nam,
        dipole_areas(forward),
        proposal,
    )


def _noise(measured: Measured | None) -> tuple[float, float, float]:
    if measured is None:
        return _NOISE
    return 0.0, measured.noise / _NOISE_FACTOR, measured.noise * _NOISE_FACTOR


def _model(
    forward: mne.Forward, study: Study, settings: Settings, eeg: np.ndarray, sfreq: float
) -> Any:
    leadfield = leadfield_of(forward)
    if eeg.ndim != 3 or eeg.shape[1] != len(leadfield.channels):
        raise UserError(f"eeg: shape {eeg.shape}; need (windows, {len(leadfield.channels)}, times)")
    return build_model(
        leadfield.fixed,
        leadfield.positions,
        read_models(study.ar_models, sfreq=sfreq),
        n_times=eeg.shape[2],
        largest_mm=settings.extent_mm[1],
        cortex=~read_source_table(study.sources).medial_wall,
    )


def _solve(
    sampler: Sampler,
    eeg: np.ndarray,
    seed: int,
    background_nam: float,
    areas: np.ndarray | None,
    proposal: np.ndarray | None,
) -> Estimates:
    found = []
    for i, window in enumerate(progress("patch posterior", eeg, unit="window")):
        white = sampler.model.whitened(window, background_nam=background_nam)
        found.append(
            sampler.posterior(
                white,
                seed=[seed, i],
                background_nam=background_nam,
                areas_mm2=areas,
                proposal=None if proposal is None else proposal[i],
            )
        )
    warned = [i for i, one in enumerate(found) if one.warning]
    if warned:
        first = f"window {warned[0]}: {found[warned[0]].warning}"
        log.warning("%d of %d windows are doubtful, as %s", len(warned), len(found), first)
    return Estimates(
        np.array([one.active for one in found], np.float32),
        np.array([one.coefficient for one in found], np.float32),
        as_variables(found, sampler.disturbances.names if sampler.disturbances else ()),
    )
