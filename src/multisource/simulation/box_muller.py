"""Standard normal numbers from random words, by Box and Muller's formula.

A pair of words gives r cos(2 pi a) and r sin(2 pi a), r = sqrt(-2 log u). Logarithm, sine and
cosine are polynomials in single precision (Chebyshev fits, each within 2e-7 of its function), so
that the loop runs in vectors, and gives the same bits on every processor: library functions do
neither. Against double precision the numbers are within 5e-7.
"""

from __future__ import annotations

import numpy as np
from numba import int32, uint32

from multisource.compiled import njit

# u holds 24 bits, so that the tails end at 5.8 standard deviations, where one normal number in
# 1e8 would lie.
_BITS = 24
_SQRT_HALF = 0x3F3504F3  # the bits of sqrt(1/2) in single precision

# log(1 + m) = m - m^2 / 2 + m^3 (L0 + L1 m + ...), sqrt(1/2) <= 1 + m < sqrt(2).
_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8 = np.array(
    [
        0.33333331,
        -0.2499999,
        0.20000708,
        -0.16668481,
        0.14249936,
        -0.1241105,
        0.11661512,
        -0.11571201,
        0.0714975372,
    ],
    dtype=np.float32,
)
# sin x = x + x^3 (S0 + S1 x^2 + ...), cos x = 1 - x^2 / 2 + x^4 (C0 + ...), |x| <= pi / 4.
_S0, _S1, _S2 = np.array([-0.16666664, 0.00833274890, -0.00019587950], dtype=np.float32)
_C0, _C1, _C2 = np.array([0.0416666530, -0.0013887668, 0.0000244655676], dtype=np.float32)
_LOG_2 = np.float32(np.log(2))
_TURN = np.float32(2 * np.pi * 2.0**-32)


@njit(cache=True, nogil=True, error_model="numpy")
def box_muller(words: np.ndarray, out: np.ndarray) -> None:
    """Fill an array with standard normal numbers made of random words.

    Parameters
    ----------
    words : ndarray of shape (S, 2 n)
        Random words, uint32.
    out : ndarray of shape (S, 2 n)
        Where the numbers go, float32.
    """
    half = words.shape[1] // 2
    for s in range(words.shape[0]):
        first, second = words[s, :half], words[s, half:]
        cosine, sine = out[s, :half], out[s, half:]
        for i in range(half):
            # log u of u in (0, 1], from the exponent e and the mantissa 1 + m of u 2^24.
            scaled = np.float32(int32(int32(first[i] >> uint32(32 - _BITS)) + int32(1)))
            bits = scaled.view(np.int32)
            e = int32(int32(bits - int32(_SQRT_HALF)) >> int32(23))
            m = np.int32(bits - int32(e << int32(23))).view(np.float32) - np.float32(1)
            rest = _L8 * m + _L7
            rest = (((rest * m + _L6) * m + _L5) * m + _L4) * m + _L3
            rest = ((rest * m + _L2) * m + _L1) * m + _L0
            log = m - np.float32(0.5) * m * m + rest * m * m * m
            log += np.float32(int32(e - int32(_BITS))) * _LOG_2
            radius = np.sqrt(max(np.float32(-2) * log, np.float32(0)))
            # The angle from the nearest quarter of a turn, and which quarter that is.
            quarter = int32(uint32(second[i] + uint32(1 << 29)) >> uint32(30))
            x = np.float32(int32(second[i] - uint32(uint32(quarter) << uint32(30)))) * _TURN
            square = x * x
            near_sine = ((_S2 * square + _S1) * square + _S0) * square * x + x
            near_cosine = (_C2 * square + _C1) * square + _C0
            near_cosine = near_cosine * square * square - np.float32(0.5) * square + np.float32(1)
            odd = int32(quarter & int32(1)) == int32(1)
            a = near_sine if odd else near_cosine
            b = near_cosine if odd else near_sine
            a = -a if int32(int32(quarter + int32(1)) & int32(2)) == int32(2) else a
            b = -b if int32(quarter & int32(2)) == int32(2) else b
            cosine[i] = radius * a
            sine[i] = radius * b
