"""Sparse Bayesian learning over patches: each patch of a dictionary has a variance that is learned.

The window, whitened in space and time by the background, is Gaussian with the covariance
S = s I + v D + sum over patches k of g_k t_k t_k': t_k the topography of a patch, D the white noise
of sensors. The variances s, v and g_k are those that make the window most probable (its evidence),
found by fixed-point updates from a start in which all patches are alike; most of the g_k go to 0.
The updates end before they have converged: by then one patch of the many that hold a dipole would
speak for all of them, and the map of an extended source would have the wrong border.

References: MacKay 1992 (Neural Computation 4: 415-447), Tipping 2001 (JMLR 1: 211-244), Wipf &
Nagarajan 2009 (NeuroImage 44: 947-966), Wipf et al. 2010 (NeuroImage 49: 641-655).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.linalg import cholesky, solve_triangular

from multisource.anatomy.source_table import read_source_table
from multisource.errors import UserError, refuse
from multisource.inverse.contract import Measured, Study
from multisource.inverse.opponent_options import patch_sbl_mistakes
from multisource.leadfield.forward import leadfield_of
from multisource.posterior.model import PatchModel, build_model
from multisource.posterior.scan import ScanTable, scan_table
from multisource.progress import progress
from multisource.simulation.ar_io import read_models
from multisource.simulation.settings import settings_from

if TYPE_CHECKING:
    import mne

_SENSORS = 1e-3  # variance of sensor noise over the background's that the updates start from
_SHARE = 0.05  # of the background's power that all patches together start with, for each patch
_PRUNE = 1e-5  # a patch of less variance than this, of the largest's, is left out from then on
_PRUNE_EVERY = 5  # updates


class Learned(NamedTuple):
    """Variances of a window.

    Attributes
    ----------
    patches : ndarray of shape (K,)
        g, of the course of each patch's centre, in units of a background dipole's.
    background : float
        s, over the variance that was whitened to 1.
    sensors : float
        v, white noise's variance over the background's at the mean channel.
    evidence : ndarray of shape (iterations,)
        Logarithm of the density of the whitened window, before each update.
    """

    patches: np.ndarray
    background: float
    sensors: float
    evidence: np.ndarray


def estimate(
    forward: mne.Forward,
    eeg: np.ndarray,
    *,
    sfreq: float,
    study: Study | None,
    measured: Measured | None = None,
    extents_mm: Sequence[float] = (22.0, 32.0, 45.0, 58.0),
    spacing_mm: float = 5.0,
    iterations: int = 20,
    exponent: float = 0.5,
    half: float = 1.0,
) -> np.ndarray:
    """Estimate maps from the variances of patches.

    Parameters
    ----------
    forward : mne.Forward
        Operator B, free orientation; the dipoles point along the normals.
    eeg : ndarray of shape (S, E, T)
        Windows in V.
    sfreq : float
        Sampling rate in Hz.
    study : Study
        How the study's sources behave: their AR models and where there is cortex are used.
    measured : Measured or None
        The background of a recording, whose amplitude goes before the study's.
    extents_mm : sequence of float
        Diameters of the patches in mm.
    spacing_mm : float
        Least distance between the centres of patches in mm.
    iterations : int
        Updates of the variances.
    exponent : float
        Of the update's factor: 0.5 makes the window more probable with each update (a convex
        bound), 1 is MacKay's, which is faster and may overshoot.
    half : float
        Variance of a patch from which it counts on the map, in units of a background dipole's.

    Returns
    -------
    ndarray of shape (S, N)
        Maps, float32: the sum over the patches that a dipole lies in of log(1 + g / half), over the
        largest of the window.

    Raises
    ------
    UserError
        If an option is out of range, the study is not given, or the windows do not fit.
    """
    refuse(
        patch_sbl_mistakes(
            kind="patch_sbl",
            extents_mm=extents_mm,
            spacing_mm=spacing_mm,
            iterations=iterations,
            exponent=exponent,
            half=half,
        )
    )
    if study is None:
        raise UserError("study: patch_sbl needs to know how the sources behave")
    leadfield = leadfield_of(forward)
    if eeg.ndim != 3 or eeg.shape[1] != len(leadfield.channels):
        raise UserError(f"eeg: shape {eeg.shape}; need (windows, {len(leadfield.channels)}, times)")
    model = build_model(
        leadfield.fixed,
        leadfield.positions,
        read_models(study.ar_models, sfreq=sfreq),
        n_times=eeg.shape[2],
        largest_mm=max(extents_mm),
        cortex=~read_source_table(study.sources).medial_wall,
    )
    nam = measured.background_nam if measured else settings_from(study.simulation).background_nam
    table = scan_table(model, spacing_mm=spacing_mm, extents_mm=np.asarray(extents_mm, float))
    members = patch_members(model, table)
    maps = np.empty((len(eeg), len(model.positions)), np.float32)
    for result, window in zip(maps, progress("patch SBL", eeg, unit="window"), strict=True):
        found = learn(
            model.whitened(window, background_nam=nam),
            table.columns,
            model.spectra.noise,
            iterations=iterations,
            exponent=exponent,
        )
        values = members.T @ np.log1p(found.patches / half)
        result[:] = values / max(values.max(), np.finfo(float).tiny)
    return maps


def learn(
    white: np.ndarray,
    columns: np.ndarray,
    noise: np.ndarray,
    *,
    iterations: int,
    exponent: float = 0.5,
) -> Learned:
    """Learn the variances of a window.

    Parameters
    ----------
    white : ndarray of shape (r, T)
        The window, whitened in space and time.
    columns : ndarray of shape (r, K)
        Whitened topographies of the patches, float32.
    noise : ndarray of shape (r,)
        Variance of white sensor noise along each coordinate, D.
    iterations : int
        Updates.
    exponent : float
        As for :func:`estimate`.

    Returns
    -------
    Learned
        The variances.
    """
    rank, n_times = white.shape
    kept, active = np.arange(columns.shape[1]), columns
    power = np.einsum("ij,ij->j", columns, columns)
    patches = np.full(len(kept), _SHARE / power.mean(), np.float32)
    background, sensors = 1.0, _SENSORS
    evidence = np.empty(iterations)
    for i in range(iterations):
        covariance = ((active * patches) @ active.T).astype(float)
        covariance[np.diag_indices(rank)] += background + sensors * noise
        root = cholesky(covariance, lower=True)
        inverse = solve_triangular(root, np.eye(rank), lower=True)
        data = inverse @ white
        evidence[i] = -0.5 * (data**2).sum() - n_times * np.log(np.diag(root)).sum()
        # For each component B of the covariance: tr(B S^-1 C S^-1) over tr(B S^-1).
        seen = inverse.astype(np.float32) @ active
        expected = np.einsum("ij,ij->j", seen, seen)
        course = data.T.astype(np.float32) @ seen
        found = np.einsum("ij,ij->j", course, course) / n_times
        patches = patches * (found / expected) ** np.float32(exponent)
        explained = ((inverse.T @ data) ** 2).sum(axis=1) / n_times
        held = (inverse**2).sum(axis=0)
        background *= np.sqrt(explained.sum() / held.sum())
        sensors *= np.sqrt((noise @ explained) / (noise @ held))
        if i % _PRUNE_EVERY == _PRUNE_EVERY - 1:
            large = patches > _PRUNE * patches.max()
            if not large.all():
                kept, patches = kept[large], patches[large]
                active = np.ascontiguousarray(active[:, large])
    evidence -= 0.5 * rank * n_times * np.log(2 * np.pi)
    whole = np.zeros(columns.shape[1])
    whole[kept] = patches
    return Learned(whole, float(background), float(sensors), evidence)


def patch_members(model: PatchModel, table: ScanTable) -> sp.csr_array:
    """Return which dipoles each patch holds.

    Parameters
    ----------
    model : PatchModel
        The dipoles.
    table : ScanTable
        The patches.

    Returns
    -------
    sparse array of shape (K, N)
        1 where a dipole lies in a patch; K as in ``table.columns``.
    """
    geometry = model.geometry
    dipoles, ends = [], [0]
    for extent in table.extents:
        for centre in table.centres:
            place = slice(geometry.start[centre], geometry.start[centre + 1])
            dipoles.append(geometry.near[place][geometry.distance[place] < extent / 2])
            ends.append(ends[-1] + len(dipoles[-1]))
    index = np.concatenate(dipoles)
    shape = (len(dipoles), len(model.positions))
    return sp.csr_array((np.ones(len(index)), index, np.array(ends)), shape=shape)
