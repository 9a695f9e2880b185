"""What every leadfield must satisfy before anything is simulated or solved with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from multisource.errors import UserError
from multisource.leadfield.forward import Leadfield

# FIF files hold single precision: column means of that size are rounding.
REFERENCE_TOLERANCE = 1e-5


def check_leadfield(leadfield: Leadfield, *, name: str = "leadfield") -> dict[str, Any]:
    """Return a summary of a sound leadfield; refuse one that nothing can be built on.

    Parameters
    ----------
    leadfield : Leadfield
        Gain of E electrodes and N dipoles, V/(Am).
    name : str, optional
        What messages call it.

    Returns
    -------
    dict
        ``channels`` and ``dipoles`` (counts), ``reference_error`` (largest column mean over column
        norm), ``norm_min``, ``norm_median`` and ``norm_max`` (fixed-orientation column norms,
        V/(Am)), ``norm_ratio`` (largest over median) and ``condition`` (largest over smallest of
        the E - 1 singular values).

    Raises
    ------
    UserError
        For values that are not finite, columns that are zero or not average-referenced, a rank
        below E - 1, or normals that are not unit vectors.
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
    """Remove the mean over electrodes from a gain.

    Parameters
    ----------
    gain : ndarray of shape (E, ...)
        Gain of E electrodes, any unit.

    Returns
    -------
    ndarray of shape (E, ...)
        The gain in average reference.
    """
    return gain - gain.mean(axis=0)


def column_norms(gain: np.ndarray) -> np.ndarray:
    """Return the Euclidean norm of each column of a gain.

    Parameters
    ----------
    gain : ndarray of shape (E, K)
        Gain of E electrodes.

    Returns
    -------
    ndarray of shape (K,)
        Norms, in the unit of the gain.
    """
    return np.linalg.norm(gain, axis=0)


def singular_values(gain: np.ndarray) -> np.ndarray:
    """Return the E - 1 singular values of an average-referenced gain.

    Parameters
    ----------
    gain : ndarray of shape (E, K)
        Gain of E electrodes in average reference.

    Returns
    -------
    ndarray of shape (E - 1,)
        Singular values, largest first.
    """
    values = np.linalg.eigvalsh(gain @ gain.T)[::-1][: len(gain) - 1]
    return np.sqrt(np.maximum(values, 0.0))


def sensitivity(leadfield: Leadfield) -> np.ndarray:
    """Return the largest potential difference between electrodes, dipole by dipole.

    Parameters
    ----------
    leadfield : Leadfield
        Gain of N dipoles; they point along the normals here.

    Returns
    -------
    ndarray of shape (N,)
        Differences, V/(Am).
    """
    return np.ptp(leadfield.fixed, axis=0)
