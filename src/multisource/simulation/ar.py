"""Temporal module: autoregressive source series of unit variance (paper II-B).

x_t = sum_k a_k x_{t-k} + e_t. "Standardised amplitude" means the variance of the process, not of
the drawn window: dividing a 0.2 s window by its own standard deviation would make the series
neither Gaussian nor stationary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_toeplitz, toeplitz

from multisource.errors import UserError


@dataclass(frozen=True)
class ARModels:
    """AR models (classes of dipoles) at one sampling rate.

    Attributes
    ----------
    names : tuple of str
        M labels.
    coefficients : tuple of ndarray
        M arrays a of shape (p_m,).
    shares : ndarray of shape (M,)
        The part of the dipoles that each model serves; they sum to 1.
    sfreq : float
        Sampling rate, Hz.
    source : str
        Where the models come from.
    classes : ndarray of shape (N,) or None
        The model of every dipole where a recording decided it. With None the dipoles are drawn by
        share.

    Raises
    ------
    UserError
        If a model is unstable or not finite.
    """

    names: tuple[str, ...]
    coefficients: tuple[np.ndarray, ...]
    shares: np.ndarray
    sfreq: float
    source: str = ""
    classes: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name, a in zip(self.names, self.coefficients, strict=True):
            check_stable(a, name)


def check_stable(a: np.ndarray, name: str = "AR model") -> None:
    """Raise UserError unless all roots of z^p - sum a_k z^(p-k) lie inside the unit circle.

    Parameters
    ----------
    a : ndarray of shape (p,)
        AR coefficients.
    name : str
        What the error message calls the model.

    Raises
    ------
    UserError
        If a coefficient is not finite or the model is unstable.
    """
    if not np.all(np.isfinite(a)):
        raise UserError(f"{name}: its AR coefficients are not finite")
    largest = np.abs(np.roots(np.r_[1.0, -np.asarray(a)])).max(initial=0.0)
    if largest >= 1 - 1e-9:
        raise UserError(
            f"{name}: the AR model is unstable (largest root {largest:.6f}); lower the order or "
            "give a longer, stationary recording"
        )


def assign_classes(models: ARModels, n_dipoles: int, generator: np.random.Generator) -> np.ndarray:
    """Return the class of every dipole: the models' own map, or at random by their shares.

    The numbers of dipoles follow the shares exactly (largest remainders); which dipole gets
    which is random.

    Parameters
    ----------
    models : ARModels
        M models.
    n_dipoles : int
        N, the number of dipoles.
    generator : numpy.random.Generator
        What the classes are drawn from.

    Returns
    -------
    ndarray of shape (N,)
        Index of each dipole's model, int64.

    Raises
    ------
    UserError
        If the models' own map holds another number of dipoles.
    """
    if models.classes is not None:
        if len(models.classes) != n_dipoles:
            raise UserError(
                f"AR models: their map holds {len(models.classes)} dipoles, the leadfield "
                f"{n_dipoles}; fit the models on this head's source space"
            )
        return np.asarray(models.classes, dtype=np.int64)
    exact = models.shares * n_dipoles
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact)[: n_dipoles - counts.sum()]] += 1
    return generator.permutation(np.repeat(np.arange(len(counts)), counts))


def autocovariance(a: np.ndarray, n_lags: int) -> np.ndarray:
    """Return the autocovariance of a process of unit variance (Yule-Walker).

    Parameters
    ----------
    a : ndarray of shape (p,)
        AR coefficients.
    n_lags : int
        Number of lags.

    Returns
    -------
    ndarray of shape (n_lags,)
        Autocovariance at lags 0, 1, ...; 1 at lag 0.
    """
    a = np.asarray(a, dtype=float)
    p = len(a)
    system = np.eye(p + 1)
    for row in range(p + 1):
        for k in range(1, p + 1):
            system[row, abs(row - k)] -= a[k - 1]
    r = np.empty(max(n_lags, p + 1))
    r[: p + 1] = np.linalg.solve(system, np.eye(p + 1)[0])
    for lag in range(p + 1, len(r)):
        r[lag] = a @ r[lag - p : lag][::-1]
    return r[:n_lags] / r[0]


def innovation_variance(a: np.ndarray) -> float:
    """Return the variance of e_t that gives the process unit variance.

    Parameters
    ----------
    a : ndarray of shape (p,)
        AR coefficients.

    Returns
    -------
    float
        Variance of the innovations e_t.
    """
    r = autocovariance(a, len(a) + 1)
    return float(1.0 - np.asarray(a) @ r[1:])


def mean_autocovariance(models: ARModels, n_times: int) -> np.ndarray:
    """Return the autocovariance of a window, mean over the dipoles.

    Parameters
    ----------
    models : ARModels
        Models of the time courses, of unit variance.
    n_times : int
        T, samples of a window.

    Returns
    -------
    ndarray of shape (T, T)
        The autocovariance, 1 on its diagonal.
    """
    lags = np.stack([autocovariance(a, n_times) for a in models.coefficients])
    return toeplitz(models.shares @ lags)


def window_factor(a: np.ndarray, n_times: int) -> np.ndarray:
    """Return the lower triangular K with K K' = Toeplitz(autocovariance).

    K z with z white is a window of the stationary process, exactly, without burn-in.

    Parameters
    ----------
    a : ndarray of shape (p,)
        AR coefficients.
    n_times : int
        T, the length of the window in samples.

    Returns
    -------
    ndarray of shape (T, T)
        The factor K.
    """
    return cholesky(toeplitz(autocovariance(a, n_times)), lower=True)


def stationary_series(
    a: np.ndarray, n_series: int, n_times: int, generator: np.random.Generator
) -> np.ndarray:
    """Draw independent stationary series of unit variance, for long recordings.

    The first p values are drawn from their joint distribution, the rest by the recursion.

    Parameters
    ----------
    a : ndarray of shape (p,)
        AR coefficients.
    n_series : int
        Number of series.
    n_times : int
        Length of each in samples.
    generator : numpy.random.Generator
        What they are drawn from.

    Returns
    -------
    ndarray of shape (n_series, n_times)
        The series, without unit.
    """
    from scipy.signal import lfilter  # a second to import, which random samples never need

    a = np.asarray(a, dtype=float)
    p = min(len(a), n_times)
    white = generator.standard_normal((n_series, n_times))
    if p == 0:
        return white
    out = np.empty((n_series, n_times))
    out[:, :p] = white[:, :p] @ window_factor(a, p).T
    if n_times > p:
        state = np.zeros((n_series, p))
        for i in range(p):
            state[:, i] = out[:, i:p][:, ::-1] @ a[i:]
        scale = np.sqrt(innovation_variance(a))
        out[:, p:] = lfilter([scale], np.r_[1.0, -a], white[:, p:], axis=1, zi=state)[0]
    return out


def power_spectrum(a: np.ndarray, freqs: np.ndarray, sfreq: float) -> np.ndarray:
    """Return the one-sided power spectral density of the unit-variance process.

    Parameters
    ----------
    a : ndarray of shape (p,)
        AR coefficients.
    freqs : ndarray of shape (F,)
        Frequencies, Hz.
    sfreq : float
        Sampling rate of the model, Hz.

    Returns
    -------
    ndarray of shape (F,)
        Density, 1/Hz.
    """
    a = np.asarray(a, dtype=float)
    turns = np.exp(-2j * np.pi * np.outer(freqs, np.arange(1, len(a) + 1)) / sfreq)
    return 2.0 * innovation_variance(a) / sfreq / np.abs(1.0 - turns @ a) ** 2


def model_from_spectrum(
    density: np.ndarray, sfreq: float, order: int, name: str = "spectrum"
) -> np.ndarray:
    """Return the AR coefficients whose first autocovariances are those of a power spectrum.

    The Yule-Walker solution of a positive spectrum is always stable.

    Parameters
    ----------
    density : ndarray of shape (F,)
        Power on an even grid from 0 to sfreq / 2 inclusive, on any scale.
    sfreq : float
        Sampling rate of the model, Hz.
    order : int
        Number of coefficients.
    name : str
        What the error messages call the model.

    Returns
    -------
    ndarray of shape (order,)
        AR coefficients.

    Raises
    ------
    UserError
        If the spectrum is not finite, negative somewhere or all zero, or the model is unstable.
    """
    if not (np.all(np.isfinite(density)) and density.min() >= 0 and density.max() > 0):
        raise UserError(f"{name}: a power spectrum must be finite, not negative and not all zero")
    r = np.fft.irfft(density)[: order + 1]
    a = solve_toeplitz(r[:order], r[1:])
    check_stable(a, name)
    return a


def resample_model(a: np.ndarray, sfreq: float, new_sfreq: float) -> np.ndarray:
    """Return a model at another sampling rate, with the same spectrum below both Nyquists.

    The order grows with the rate, so that the model reaches as far back in time; a low order is
    first raised to 0.12 s, since a resampled AR process is no longer of its order.

    Parameters
    ----------
    a : ndarray of shape (p,)
        AR coefficients.
    sfreq : float
        Their sampling rate, Hz.
    new_sfreq : float
        The sampling rate asked for, Hz.

    Returns
    -------
    ndarray of shape (q,)
        AR coefficients at the new rate.

    Raises
    ------
    UserError
        If the resampled model is unstable or its spectrum is not finite.
    """
    if new_sfreq == sfreq:
        return np.asarray(a, dtype=float)
    order = max(1, round(max(len(a) / sfreq, 0.12) * new_sfreq))
    freqs = np.linspace(0, new_sfreq / 2, 8193)
    density = power_spectrum(a, np.minimum(freqs, sfreq / 2), sfreq)
    return model_from_spectrum(density, new_sfreq, order)
