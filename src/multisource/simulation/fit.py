"""AR models fitted to the sources of a real recording.

The sources are kernel @ EEG (an inverse kernel on operator B). Their autocovariances need no
source series: that of dipole j at a lag is k_j C(lag) k_j', with C the lagged covariance of the
channels. Dipoles are grouped by the shape of their spectra (k-means), every group is one AR model
from its mean autocovariance by the Levinson-Durbin recursion of statsmodels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.cluster.vq import kmeans2
from scipy.signal import csd
from statsmodels.tsa.stattools import levinson_durbin

from multisource.errors import UserError
from multisource.simulation.ar import ARModels, check_stable

VALUES_PER_COEFFICIENT = 100


@dataclass(frozen=True)
class Fit:
    """Fitted models with what they were fitted to.

    Attributes
    ----------
    models : ARModels
        M models.
    freqs : ndarray of shape (F,)
        Frequencies, Hz.
    measured : ndarray of shape (M, F)
        Mean spectrum of each group's sources at unit variance, 1/Hz.
    """

    models: ARModels
    freqs: np.ndarray
    measured: np.ndarray


def fit_models(
    segments: Sequence[np.ndarray],
    kernel: np.ndarray,
    *,
    sfreq: float,
    orientations: int = 1,
    n_models: int = 6,
    order: int = 30,
    regions: np.ndarray | None = None,
    seed: int = 0,
    source: str = "",
) -> Fit:
    """Fit AR models to the sources of real EEG.

    Parameters
    ----------
    segments : sequence of ndarray of shape (E, T_i)
        Uninterrupted stretches of EEG, V, average reference.
    kernel : ndarray of shape (N d, E)
        Inverse kernel with d orientations per dipole, as the inverse stage builds it.
    sfreq : float
        Sampling rate, Hz.
    orientations : int
        d, 1 or 3.
    n_models : int
        Number of groups, found by spectrum.
    order : int
        Number of coefficients of each model.
    regions : ndarray of shape (N,), optional
        Label of every dipole's group, instead of groups by spectrum.
    seed : int
        Where the grouping starts.
    source : str
        What the models say of where they come from.

    Returns
    -------
    Fit
        The models, the map of dipoles to them, and the spectra measured.

    Raises
    ------
    UserError
        If the EEG is too short for the order, does not fit the kernel, or a model is unstable.
    """
    n_channels = len(segments[0])
    if kernel.ndim != 2 or kernel.shape[1] != n_channels or len(kernel) % orientations:
        raise UserError(
            f"kernel: shape {kernel.shape} does not fit the {n_channels} channels "
            f"and {orientations} orientations"
        )
    count = sum(segment.shape[1] for segment in segments)
    if count < VALUES_PER_COEFFICIENT * order:
        raise UserError(
            f"recording: {count} samples are too short for AR models of order {order}; give "
            f"{VALUES_PER_COEFFICIENT * order} or lower the order"
        )
    n_dipoles = len(kernel) // orientations
    if regions is not None and len(regions) != n_dipoles:
        raise UserError(f"regions: {len(regions)} labels for the {n_dipoles} dipoles of the kernel")
    covariances = lagged_covariances(segments, order + 1)
    autocovariance = source_power(kernel, covariances, n_dipoles)
    if np.any(autocovariance[:, 0] <= 0):
        raise UserError("kernel: some dipoles get no signal at all; build it on this montage")
    freqs, cross = cross_spectra(segments, sfreq)
    spectra = source_power(kernel, cross, n_dipoles)
    # Unit variance as the AR models have it, so that the two spectra share one scale.
    spectra /= autocovariance[:, :1]
    autocovariance /= autocovariance[:, :1]
    if regions is None:
        classes = cluster_spectra(freqs, spectra, n_models, seed)
    else:
        classes = np.unique(regions, return_inverse=True)[1]
    members = [np.flatnonzero(classes == m) for m in range(classes.max() + 1)]
    names = tuple(f"class-{m + 1}" for m in range(len(members)))
    coefficients = []
    for name, those in zip(names, members, strict=True):
        a = levinson_durbin(autocovariance[those].mean(axis=0), nlags=order, isacov=True)[1]
        check_stable(a, f"recording, {name}")
        coefficients.append(np.asarray(a))
    models = ARModels(
        names=names,
        coefficients=tuple(coefficients),
        shares=np.array([len(those) for those in members]) / n_dipoles,
        sfreq=sfreq,
        source=source,
        classes=classes,
    )
    measured = np.stack([spectra[those].mean(axis=0) for those in members])
    return Fit(models, freqs, measured)


def lagged_covariances(segments: Sequence[np.ndarray], n_lags: int) -> np.ndarray:
    """Return the biased lagged covariances of the channels.

    The bias (division by the full length) keeps every autocovariance positive definite, and so
    every AR model stable.

    Parameters
    ----------
    segments : sequence of ndarray of shape (E, T_i)
        Uninterrupted stretches of EEG, V.
    n_lags : int
        Number of lags, from 0.

    Returns
    -------
    ndarray of shape (n_lags, E, E)
        Covariance at each lag, V^2.
    """
    total = sum(segment.shape[1] for segment in segments)
    n_channels = len(segments[0])
    out = np.zeros((n_lags, n_channels, n_channels))
    for segment in segments:
        for lag in range(n_lags):
            out[lag] += segment[:, : segment.shape[1] - lag] @ segment[:, lag:].T
    return out / total


def cross_spectra(segments: Sequence[np.ndarray], sfreq: float) -> tuple[np.ndarray, np.ndarray]:
    """Return Welch's cross-spectra of the channels over stretches of 2 s.

    Parameters
    ----------
    segments : sequence of ndarray of shape (E, T_i)
        Uninterrupted stretches of EEG, V; those shorter than 2 s are left out.
    sfreq : float
        Sampling rate, Hz.

    Returns
    -------
    freqs : ndarray of shape (F,)
        Frequencies, Hz.
    cross : ndarray of shape (F, E, E)
        Real part of the cross-spectra, V^2/Hz.

    Raises
    ------
    UserError
        If no segment is as long as 2 s.
    """
    length = int(2 * sfreq)
    weights = 0
    total: Any = 0.0  # an array from the first segment on
    freqs = None
    for segment in segments:
        n = min(length, segment.shape[1])
        if n < length:
            continue
        freqs, cross = csd(segment[:, None], segment[None], sfreq, nperseg=length, axis=-1)
        total = total + segment.shape[1] * cross.real.transpose(2, 0, 1)
        weights += segment.shape[1]
    if freqs is None:
        raise UserError("recording: no uninterrupted 2 s in it; mark less of it as bad")
    return freqs, total / weights


def source_power(kernel: np.ndarray, covariances: np.ndarray, n_dipoles: int) -> np.ndarray:
    """Return the quadratic forms of each dipole's kernel rows with covariances.

    The d orientations of a dipole are summed.

    Parameters
    ----------
    kernel : ndarray of shape (N d, E)
        Inverse kernel with d orientations per dipole.
    covariances : ndarray of shape (L, E, E)
        Covariances or cross-spectra of the channels.
    n_dipoles : int
        N, the number of dipoles.

    Returns
    -------
    ndarray of shape (N, L)
        k_j C k_j' of every dipole and covariance.
    """
    out = np.empty((n_dipoles, len(covariances)))
    for lag, covariance in enumerate(covariances):
        values = np.einsum("re,re->r", kernel @ covariance, kernel)
        out[:, lag] = values.reshape(n_dipoles, -1).sum(axis=1)
    return out


def cluster_spectra(freqs: np.ndarray, spectra: np.ndarray, n_models: int, seed: int) -> np.ndarray:
    """Group dipoles by k-means on their log spectra between 1 and 45 Hz.

    Parameters
    ----------
    freqs : ndarray of shape (F,)
        Frequencies, Hz.
    spectra : ndarray of shape (N, F)
        Spectrum of each dipole's source.
    n_models : int
        Number of groups asked for; empty ones are left out.
    seed : int
        Where the grouping starts.

    Returns
    -------
    ndarray of shape (N,)
        Group of each dipole, from 0.

    Raises
    ------
    UserError
        If there are fewer dipoles than groups.
    """
    kept = (freqs >= 1) & (freqs <= 45)
    shapes = np.log10(np.maximum(spectra[:, kept], 1e-12))
    if len(shapes) < n_models:
        raise UserError(f"n_models: {n_models} groups of {len(shapes)} dipoles")
    labels = kmeans2(shapes, n_models, minit="++", rng=np.random.default_rng(seed), missing="warn")[
        1
    ]
    return np.unique(labels, return_inverse=True)[1]
