"""The logarithm near 1 in single precision, for compiled loops that run in vectors."""

from __future__ import annotations

import numpy as np

from multisource.compiled import njit

LOG_2 = np.float32(np.log(2))
# ln(1 + m) = 2 s (1 + s^2 (H0 + H1 s^2 + ...)), s = m / (2 + m): the series of the area tangent.
_H0, _H1, _H2, _H3 = np.array([1 / 3, 1 / 5, 1 / 7, 1 / 9], dtype=np.float32)


@njit(cache=True, inner=True, error_model="numpy")
def log_near_one(m: np.float32) -> np.float32:
    """Return ln(1 + m), within 3e-7, the same bits on every processor.

    Parameters
    ----------
    m : float32
        Between sqrt(1/2) - 1 and sqrt(2) - 1.

    Returns
    -------
    float32
        The logarithm.
    """
    s = m / (np.float32(2) + m)
    square = s * s
    series = ((_H3 * square + _H2) * square + _H1) * square + _H0
    return np.float32(2) * s * (np.float32(1) + square * series)
