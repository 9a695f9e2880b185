"""Synchronisation as the paper writes it (II-B), and the dense path that others are measured by.

For dipole j with radial coefficients l_j^i, centre series c_i and own series p_j:
p_j <- sum_i l_j^i / max(sum l, 1) c_i + (1 - min(sum l, 1)) p_j, then times the boost if active.
One patch is the case of one term. Everything is linear, so an active dipole is a pair of numbers
per patch and one for itself: ``source_weights`` gives them, every path uses them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from multisource.simulation import streams
from multisource.simulation.ar import ARModels, stationary_series
from multisource.simulation.streams import Purpose


def source_weights(
    coefficients: np.ndarray, *, boost: float, amplitudes: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the weights of the active dipoles on the centre series and on their own series.

    Parameters
    ----------
    coefficients : ndarray of shape (K, P)
        The l of each patch.
    boost : float
        Amplitude of the active dipoles over the background.
    amplitudes : ndarray of shape (P,) or (K, P), optional
        Amplitude of each patch relative to the boost; 1 by default.

    Returns
    -------
    shared : ndarray of shape (K, P)
        Weights on the centre series.
    own : ndarray of shape (K,)
        Weights on the own series. A dipole of several patches gives its own series the mean of
        their amplitudes, weighted by l.
    """
    total = coefficients.sum(axis=1)
    amplitudes = np.ones(coefficients.shape[1]) if amplitudes is None else amplitudes
    scaled = coefficients * amplitudes
    shared = boost * scaled / np.maximum(total, 1.0)[:, None]
    own = boost * scaled.sum(axis=1) / total * (1.0 - np.minimum(total, 1.0))
    return shared, own


def dense_sources(
    series: np.ndarray,
    centres: np.ndarray,
    dipoles: np.ndarray,
    coefficients: np.ndarray,
    *,
    boost: float,
) -> np.ndarray:
    """Compute the series of all dipoles after synchronisation and boost, one by one.

    Parameters
    ----------
    series : ndarray of shape (N, T)
        The independent AR series.
    centres : ndarray of shape (P,)
        Dipole of each centre.
    dipoles : ndarray of shape (K,)
        The active dipoles.
    coefficients : ndarray of shape (K, P)
        Their l.
    boost : float
        Amplitude of the active dipoles over the background.

    Returns
    -------
    ndarray of shape (N, T)
        The series, in the unit of ``series``.
    """
    out = series.copy()
    for dipole, l_of in zip(dipoles, coefficients, strict=True):
        total = l_of.sum()
        blended = (1.0 - min(total, 1.0)) * series[dipole]
        for centre, l_one in zip(centres, l_of, strict=True):
            blended = blended + l_one / max(total, 1.0) * series[centre]
        out[dipole] = boost * blended
    return out


def correlate(
    white: np.ndarray, correlation: float, shared: Callable[[], np.ndarray]
) -> np.ndarray:
    """Give white series a correlation with each other.

    Parameters
    ----------
    white : ndarray of shape (..., P, T)
        Independent series.
    correlation : float
        Correlation between any two of the P.
    shared : callable
        Returns the white series that the P share, of shape (..., 1, T); called only where the
        correlation is not 0.

    Returns
    -------
    ndarray of shape (..., P, T)
        The correlated series.
    """
    if correlation == 0:
        return white
    part = np.float32(np.sqrt(correlation))
    return part * shared() + np.float32(np.sqrt(1 - correlation)) * white


def centre_classes(classes: np.ndarray, centres: np.ndarray, correlation: float) -> np.ndarray:
    """Return the AR classes of the centres: those of their dipoles, or the first's if correlated.

    Parameters
    ----------
    classes : ndarray of shape (N,)
        Class of each dipole.
    centres : ndarray of shape (S, P)
        Dipole of each centre.
    correlation : float
        Correlation between the centres of a sample.

    Returns
    -------
    ndarray of shape (S, P)
        Class of each centre.
    """
    of_centres = classes[np.maximum(centres, 0)]
    if correlation > 0:
        of_centres = np.repeat(of_centres[:, :1], centres.shape[1], axis=1)
    return of_centres


def centre_white(
    key: np.ndarray, indices: np.ndarray, n_patches: int, n_times: int, correlation: float
) -> np.ndarray:
    """Draw the white series of the centres of random windows, which an AR model colours.

    Parameters
    ----------
    key : ndarray of shape (2,)
        Key of the split.
    indices : ndarray of shape (S,)
        Numbers of the windows.
    n_patches : int
        Patches that there is room for, P.
    n_times : int
        Samples of a window, T.
    correlation : float
        Of the series of any two patches.

    Returns
    -------
    ndarray of shape (S, P, T)
        Of unit variance.
    """
    white = streams.normals(key, Purpose.CENTRES, indices, n_patches * n_times)
    return correlate(
        white.reshape(len(indices), n_patches, n_times),
        correlation,
        lambda: streams.normals(key, Purpose.SHARED_CENTRE, indices, n_times)[:, None],
    )


def continuous_centres(
    kinds: np.ndarray,
    models: ARModels,
    n_times: int,
    correlation: float,
    generator: np.random.Generator,
) -> np.ndarray:
    """Draw the series of the centres of a recording, stationary from the first sample.

    Parameters
    ----------
    kinds : ndarray of shape (P,)
        AR class of each centre.
    models : ARModels
        The classes' models.
    n_times : int
        Length in samples, T.
    correlation : float
        Of the series of any two patches.
    generator : numpy.random.Generator
        What they are drawn from.

    Returns
    -------
    ndarray of shape (P, T)
        Of unit variance.
    """
    drawn = [stationary_series(models.coefficients[k], 1, n_times, generator) for k in kinds]
    return correlate(
        np.concatenate(drawn),
        correlation,
        lambda: stationary_series(models.coefficients[kinds[0]], 1, n_times, generator),
    )
