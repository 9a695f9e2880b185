"""The formulas of the paper on all dipoles, and truths from dense maps: the sparse paths' model."""

from __future__ import annotations

import numpy as np

from multisource.simulation.synchronise import source_weights
from multisource.simulation.truth import SparseTruth


def truth_from_dense(maps: np.ndarray, centre: np.ndarray) -> SparseTruth:
    """Truth from maps (S, N) of l and centres (S, P)."""
    row, dipole = np.nonzero(maps)
    offset = np.searchsorted(row, np.arange(len(maps) + 1))
    return SparseTruth(offset, dipole, maps[row, dipole], np.asarray(centre), maps.shape[1])


def active_sources(
    own_series: np.ndarray,
    centre_series: np.ndarray,
    coefficients: np.ndarray,
    *,
    boost: float,
    amplitudes: np.ndarray | None = None,
) -> np.ndarray:
    """Series (K, T) of the active dipoles alone from their own (K, T) and the centres' (P, T)."""
    shared, own = source_weights(coefficients, boost=boost, amplitudes=amplitudes)
    return shared @ centre_series + own[:, None] * own_series


def sensor_covariances(
    gain: np.ndarray, classes: np.ndarray, dipoles: np.ndarray, own: np.ndarray, n_classes: int
) -> np.ndarray:
    """Covariance (M, E, E) at the sensors of the independent part of every dipole, by class.

    gain (E, N); own (K,): weight of the active ``dipoles`` on their own series; the others have
    weight 1. The EEG without centres is the sum over classes of E series with this covariance.
    """
    weight = np.ones(gain.shape[1])
    weight[dipoles] = own
    weighted = gain * weight
    return np.stack(
        [weighted[:, classes == m] @ weighted[:, classes == m].T for m in range(n_classes)]
    )
