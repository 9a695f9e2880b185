"""A recording in which there is nothing to find, made of a real one: what chance alone shows.

Every person's EEG, muscles and noise are their own, so that no simulated window without a source
can stand for them. Of epochs, half have their sign turned before they are averaged: what follows
the event cancels, the rest stays. An average without its epochs shows its noise before the event,
from which more like it is drawn. Of a continuous recording, each channel is shifted in time
against the others: spectra and amplitudes stay, but no source reaches two channels at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.signal import fftconvolve

from multisource.recordings.stretches import Stretches

WINDOWS = 300  # of chance, at least
AVERAGES = 40  # of epochs with random signs
LONGER = 4  # that what is drawn lasts, over what it is drawn from: no drift is lost at its ends


def by_chance(found: Stretches, *, sfreq: float, window_s: float, seed: int) -> list[np.ndarray]:
    """Make stretches in which there is nothing but chance.

    Parameters
    ----------
    found : Stretches
        What was read.
    sfreq : float
        Sampling rate, Hz.
    window_s : float
        Length of a window, s.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    list of ndarray of shape (E, T_i)
        V: the averages of epochs with random signs; or as many as hold ``WINDOWS`` windows of noise
        like that before the event, or of the parts with channels shifted against each other.
    """
    rng = np.random.default_rng([seed, 20])
    window = round(window_s * sfreq)
    own = _by_chance(found, window, rng)
    if found.minus is None:
        return own
    # Of a difference: the noise of both, drawn independently.
    other = _by_chance(found.minus, window, rng)
    length = min(own[0].shape[1], other[0].shape[1])
    return [a[:, :length] - b[:, :length] for a, b in zip(own, other, strict=False)]


def _by_chance(found: Stretches, window: int, rng: np.random.Generator) -> list[np.ndarray]:
    if found.single:
        return list(sign_flipped(np.array(found.single), rng, AVERAGES))
    if found.before is not None:
        length = LONGER * max(window, found.before.shape[1])
        return list(drawn_like(found.before, rng, -(-WINDOWS // (length // window)), length))
    windows = sum(part.shape[1] for part in found.parts) / window
    copies = max(1, int(np.ceil(WINDOWS / max(windows, 1))))
    return [part for _ in range(copies) for part in shifted(found.parts, rng)]


def sign_flipped(epochs: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """Average epochs, half of them with the sign turned.

    Parameters
    ----------
    epochs : ndarray of shape (K, E, T)
        EEG, V.
    rng : numpy.random.Generator
        Source of random numbers.
    count : int
        How many averages are made.

    Returns
    -------
    ndarray of shape (count, E, T)
        V. Of an odd number of epochs one is left out of each average, another one in each. They
        have the noise of the true average of all epochs.
    """
    n = len(epochs)
    even = n - n % 2
    signs = np.zeros((count, n))
    for row in signs:
        order = rng.permutation(n)[:even]
        row[order[: even // 2]], row[order[even // 2 :]] = 1.0, -1.0
    # The variance of a mean of n, of which even were used.
    return np.tensordot(signs, epochs, 1) / np.sqrt(n * max(even, 1))


def drawn_like(noise: np.ndarray, rng: np.random.Generator, count: int, length: int) -> np.ndarray:
    """Draw noise that has the covariance and the spectrum of a stretch of it.

    Parameters
    ----------
    noise : ndarray of shape (E, T)
        EEG, V.
    rng : numpy.random.Generator
        Source of random numbers.
    count : int
        How many stretches are drawn.
    length : int
        How many samples each has.

    Returns
    -------
    ndarray of shape (count, E, length)
        V: white noise, the same for all channels, filtered by the stretch. It is Gaussian and
        stationary, its cross-covariance at each lag that of the stretch.
    """
    white = rng.standard_normal((count, 1, length + noise.shape[1] - 1))
    return np.asarray(fftconvolve(white, noise[None], "valid", axes=2)) / np.sqrt(noise.shape[1])


def shifted(parts: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Shift channels against each other.

    Parameters
    ----------
    parts : sequence of ndarray of shape (E, T_i)
        EEG, V.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    list of ndarray of shape (E, T_i)
        V, in average reference: the samples of each channel one after the other through all parts,
        turned by a random number of samples that is another one for each channel.
    """
    joined = np.concatenate(list(parts), axis=1)
    turns = rng.integers(joined.shape[1], size=len(joined))
    turned = np.stack([np.roll(row, turn) for row, turn in zip(joined, turns, strict=True)])
    turned -= turned.mean(axis=0)
    return np.split(turned, np.cumsum([part.shape[1] for part in parts])[:-1], axis=1)
