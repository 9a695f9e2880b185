"""Cross-entropy of logits and its gradient in one pass, compiled for the processor.

ln(1 + exp z) = max(z, 0) + ln(1 + e), e = exp(-|z|), and the sigmoid is 1 / (1 + e) or e / (1 + e).
Exponential and logarithm are polynomials in single precision, within 3e-7 of their functions, so
that the loop runs in vectors and gives the same bits on every processor.
"""

from __future__ import annotations

import numpy as np
from numba import int32

from multisource.compiled import njit
from multisource.network.logarithm import LOG_2, log_near_one

_LOG2_E = np.float32(np.log2(np.e))
_SQRT_2 = np.float32(np.sqrt(2))
_LEAST = np.float32(-87)  # exp of less is below the smallest normal number

# 2^f = 1 + f (E0 + E1 f + ...), -1/2 <= f <= 1/2: Taylor's series, (ln 2)^k / k!.
_E0, _E1, _E2, _E3, _E4, _E5, _E6 = np.array(
    [
        0.69314718,
        0.24022651,
        0.055504109,
        0.0096181291,
        0.0013333558,
        0.00015403530,
        0.000015252734,
    ],
    dtype=np.float32,
)


@njit(cache=True, nogil=True, error_model="numpy")
def cross_entropy(
    logits: np.ndarray, truth: np.ndarray, active_only: bool, gradient: np.ndarray
) -> float:
    """Sum the cross-entropy of one or two maps, and write its gradient.

    Parameters
    ----------
    logits : ndarray of shape (R, C, B)
        Logits, float32; C is 1 or 2.
    truth : ndarray of shape (R, B)
        Coefficients l, float32.
    active_only : bool
        Whether the label of map 0 is l > 0 instead of l. That of map 1 is l.
    gradient : ndarray of shape (R, C, B)
        Gets the gradient of the sum, float32.

    Returns
    -------
    float
        The sum.
    """
    n_rows, n_maps, width = logits.shape
    total = np.zeros(width)
    line = np.empty(width, dtype=np.float32)
    for r in range(n_rows):
        truths = truth[r]
        for c in range(n_maps):
            z, g = logits[r, c], gradient[r, c]
            binary = active_only and c == 0
            for j in range(width):
                value = z[j]
                power = max(-abs(value), _LEAST) * _LOG2_E
                whole = int32(power - np.float32(0.5))  # towards 0: the nearest one
                f = power - np.float32(whole)
                rest = ((_E6 * f + _E5) * f + _E4) * f + _E3
                rest = ((rest * f + _E2) * f + _E1) * f + _E0
                scale = np.int32(int32(whole + int32(127)) << int32(23)).view(np.float32)
                e = (np.float32(1) + f * rest) * scale
                # ln(1 + e), by way of half of it where that is nearer to 1.
                large = np.float32(1) + e > _SQRT_2
                m = (e - np.float32(1)) * np.float32(0.5) if large else e
                log = log_near_one(m) + (LOG_2 if large else np.float32(0))
                share = np.float32(1) / (np.float32(1) + e)
                estimate = share if value >= np.float32(0) else e * share
                t = truths[j]
                if binary:
                    t = np.float32(1) if t > np.float32(0) else np.float32(0)
                g[j] = estimate - t
                line[j] = max(value, np.float32(0)) + log - value * t
            for j in range(width):
                total[j] += line[j]
    return total.sum()
