"""Random numbers addressed by (seed, split, index), independent of chunking, order and cores.

Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") maps a key and
a counter to random words without any state: the key comes from seed and split, the counter holds
the index of the sample, what the numbers are for, and a running block. Two samples, or two uses
within one sample, therefore never share a number, and an option that draws more (noise, artefacts)
leaves the sources of the same sample as they were.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numba import uint32, uint64

from multisource.compiled import njit
from multisource.errors import UserError
from multisource.simulation.box_muller import box_muller


class Purpose(IntEnum):
    """What a stream is drawn for; a new use takes a new number and changes no other."""

    PATCHES = 0
    CENTRES = 1
    SOURCES = 2
    AMPLITUDES = 3
    NOISE = 4
    NOISE_LEVEL = 5
    BAD_CHANNELS = 8
    BAD_SERIES = 9
    SHARED_CENTRE = 10
    DISTURBANCES = 11
    OPERATORS = 12
    ELECTRODES = 13
    ELECTRODE_ERROR = 14
    NOISE_KIND = 15


def stream_key(seed: int, split: str) -> np.ndarray:
    """Return the key of all samples of a split.

    Parameters
    ----------
    seed : int
        Seed of the study.
    split : str
        Name of the split.

    Returns
    -------
    ndarray of shape (2,)
        The key, uint32.

    Raises
    ------
    UserError
        If the seed is negative or fractional.
    """
    return _sequence(seed, split).generate_state(2, np.uint32)


def generator(seed: int, split: str, name: str) -> np.random.Generator:
    """Return a NumPy generator for draws that belong to no sample (classes, long recordings).

    Parameters
    ----------
    seed : int
        Seed of the study.
    split : str
        Name of the split.
    name : str
        What the numbers are for.

    Returns
    -------
    numpy.random.Generator
        The same for the same arguments.

    Raises
    ------
    UserError
        If the seed is negative or fractional.
    """
    return np.random.Generator(np.random.Philox(_sequence(seed, f"{split}\0{name}")))


def named_key(key: np.ndarray, name: str) -> np.ndarray:
    """Derive the key of what has a name from the key of a split.

    Parameters
    ----------
    key : ndarray of shape (2,)
        Key of the split.
    name : str
        The name.

    Returns
    -------
    ndarray of shape (2,)
        Another key, uint32.
    """
    words = [int(word) for word in key]
    return np.random.SeedSequence([*words, *name.encode()]).generate_state(2, np.uint32)


def sample_generator(key: np.ndarray, index: int) -> np.random.Generator:
    """Return a NumPy generator (Philox4x64-10) of one sample.

    Parameters
    ----------
    key : ndarray of shape (2,)
        Key of what is drawn.
    index : int
        Number of the sample.

    Returns
    -------
    numpy.random.Generator
        The same for the same key and index.
    """
    # The lower words of the counter run while numbers are drawn.
    counter = np.array([0, 0, 0, index], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key.astype(np.uint64), counter=counter))


def _sequence(seed: int, name: str) -> np.random.SeedSequence:
    if int(seed) != seed or seed < 0:
        raise UserError(f"seed: {seed!r} is not allowed; give a whole number of 0 or more")
    return np.random.SeedSequence([int(seed), *name.encode()])


@njit(cache=True, nogil=True)
def philox_words(key: np.ndarray, purpose: int, indices: np.ndarray, words: np.ndarray) -> None:
    """Fill an array with the output of Philox4x32-10.

    Parameters
    ----------
    key : ndarray of shape (2,)
        Key of the split, uint32.
    purpose : int
        What the numbers are for.
    indices : ndarray of shape (S,)
        Numbers of the samples, uint64.
    words : ndarray of shape (S, 4 n)
        Filled in place, one row per index, uint32.
    """
    low = uint64(0xFFFFFFFF)
    for s in range(words.shape[0]):
        for i in range(words.shape[1] // 4):
            c0 = uint32(i)
            c1 = uint32(purpose)
            c2 = uint32(indices[s] & low)
            c3 = uint32(indices[s] >> uint64(32))
            k0 = key[0]
            k1 = key[1]
            for _ in range(10):
                a = uint64(0xD2511F53) * uint64(c0)
                b = uint64(0xCD9E8D57) * uint64(c2)
                c0 = uint32(b >> uint64(32)) ^ c1 ^ k0
                c2 = uint32(a >> uint64(32)) ^ c3 ^ k1
                c1 = uint32(b & low)
                c3 = uint32(a & low)
                k0 = uint32(k0 + uint32(0x9E3779B9))
                k1 = uint32(k1 + uint32(0xBB67AE85))
            words[s, 4 * i] = c0
            words[s, 4 * i + 1] = c1
            words[s, 4 * i + 2] = c2
            words[s, 4 * i + 3] = c3


def _words(key: np.ndarray, purpose: int, indices: np.ndarray, count: int) -> np.ndarray:
    words = np.empty((len(indices), 4 * -(-count // 4)), dtype=np.uint32)
    philox_words(key, int(purpose), np.asarray(indices, dtype=np.uint64), words)
    return words


def uniforms(key: np.ndarray, purpose: int, indices: np.ndarray, count: int) -> np.ndarray:
    """Draw uniform numbers in [0, 1), of 53 bits each.

    Parameters
    ----------
    key : ndarray of shape (2,)
        Key of the split.
    purpose : int
        What the numbers are for.
    indices : ndarray of shape (S,)
        Numbers of the samples.
    count : int
        How many numbers per sample.

    Returns
    -------
    ndarray of shape (S, count)
        The numbers, float64.
    """
    words = _words(key, purpose, indices, 2 * count)[:, : 2 * count].astype(np.uint64)
    return ((words[:, 0::2] << np.uint64(21)) ^ (words[:, 1::2] >> np.uint64(11))) * 2.0**-53


def normals(key: np.ndarray, purpose: int, indices: np.ndarray, count: int) -> np.ndarray:
    """Draw standard normal numbers, of one word each.

    Parameters
    ----------
    key : ndarray of shape (2,)
        Key of the split.
    purpose : int
        What the numbers are for.
    indices : ndarray of shape (S,)
        Numbers of the samples.
    count : int
        How many numbers per sample.

    Returns
    -------
    ndarray of shape (S, count)
        The numbers, float32.
    """
    words = _words(key, purpose, indices, 2 * -(-count // 2))
    words = words[:, : 2 * -(-count // 2)]
    out = np.empty(words.shape, dtype=np.float32)
    box_muller(words, out)
    return out[:, :count]
