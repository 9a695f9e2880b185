"""What every leadfield must satisfy before anything is simulated or solved with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from multisource.errors import UserError
from multisource.leadfield.forward import Leadfield

# FIF files hold single precision: column means of that size are rounding.
REFERENCE_TOLERANCE = 1e-5


def check_leadfield(leadfield: Leadfield, *, name: str = "leadfield") -> dict[str, Any]:
    """Summary of a sound leadfield; raises UserError for one that nothing can be built on.

    Refused: values that are not finite, columns that are zero or not average-referenced, rank
    below E - 1, normals that are not unit vectors. Reported (keys): channels, dipoles,
    reference_error (largest column mean over column norm), norm_min / norm_median / norm_max
    (fixed-orientation column norms, V/(Am)), norm_ratio (largest over median), condition (largest
    over smallest of the E - 1 singular values).
    """
    gain = leadfield.free
    if not np.isfinite(gain).all():
        where = int(np.flatnonzero(~np.isfinite(gain).all(axis=0))[0] // 3)
        raise UserError(f"{name}: gain of dipole {where} is not finite")
    norms = column_norms(gain)
    if (norms == 0).any():
        raise UserError(f"{name}: dipole {int(np.argmin(norms) // 3)} reaches no electrode")
    error = float((np.abs(gain.mean(axis=0)) / norms).max())
    if error > REFERENCE_TOLERANCE:
        raise UserError(
            f"{name}: columns are not average-referenced (mean up to {error:.1e} of the norm); "
            "subtract the mean over electrodes"
        )
    lengths = np.linalg.norm(leadfield.normals, axis=1)
    if np.abs(lengths - 1).max() > 1e-5:
        raise UserError(f"{name}: normals are not unit vectors")
    singular = singular_values(gain)
    if singular[-1] < 1e-10 * singular[0]:
        raise UserError(
            f"{name}: rank is below {len(gain) - 1}; two electrodes are at the same place"
        )
    fixed = column_norms(leadfield.fixed)
    return {
        "channels": len(leadfield.channels),
        "dipoles": len(leadfield.positions),
        "reference_error": error,
        "norm_min": float(fixed.min()),
        "norm_median": float(np.median(fixed)),
        "norm_max": float(fixed.max()),
        "norm_ratio": float(fixed.max() / np.median(fixed)),
        "condition": float(singular[0] / singular[-1]),
    }


def average_reference(gain: np.ndarray) -> np.ndarray:
    """Gain (E, ...) with the mean over electrodes removed."""
    return gain - gain.mean(axis=0)


def column_norms(gain: np.ndarray) -> np.ndarray:
    """Euclidean norm of each column of a gain (E, K): (K,)."""
    return np.linalg.norm(gain, axis=0)


def singular_values(gain: np.ndarray) -> np.ndarray:
    """The E - 1 singular values of an average-referenced gain (E, K), largest first."""
    values = np.linalg.eigvalsh(gain @ gain.T)[::-1][: len(gain) - 1]
    return np.sqrt(np.maximum(values, 0.0))


def sensitivity(leadfield: Leadfield) -> np.ndarray:
    """Largest potential difference (N,) between electrodes, V/(Am), dipoles along normals."""
    return np.ptp(leadfield.fixed, axis=0)
