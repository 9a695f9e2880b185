"""How strong the sources of a recording are, in a unit that recordings and methods share.

Maps have a scale of their own. What a cluster of a map is worth in nAm follows from the EEG: the
moments of the clusters, each with its current spread evenly over its cortex, that together explain
the EEG best (least squares).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from multisource.recordings.moments import Moment
from multisource.recordings.windows import moments

if TYPE_CHECKING:
    import xarray as xr


def second_moments(data: xr.Dataset, told: Sequence[Moment]) -> list[np.ndarray]:
    """Return the mean product of every two channels at each moment.

    Parameters
    ----------
    data : xarray.Dataset
        Windows of a recording.
    told : sequence of Moment
        The moments that are told of.

    Returns
    -------
    list of ndarray of shape (E, E)
        Over the times, windows and epochs of each moment, V^2.
    """
    _, which = moments(data)
    eeg = np.asarray(data["eeg"].values, float)
    found = []
    for moment in told:
        part = np.moveaxis(eeg[np.isin(which, moment.windows)], 1, 0).reshape(eeg.shape[1], -1)
        found.append(part @ part.T / part.shape[1])
    return found


def dipole_moments(
    product: np.ndarray, gain: np.ndarray, clusters: Sequence[np.ndarray], areas: np.ndarray
) -> np.ndarray:
    """Return the dipole moments of clusters that explain an EEG best.

    Parameters
    ----------
    product : ndarray of shape (E, E)
        Mean product of every two channels, V^2, average reference.
    gain : ndarray of shape (E, N)
        Leadfield of dipoles along the normals, V/(Am), average reference.
    clusters : sequence of ndarray of int
        Dipoles of each of K clusters.
    areas : ndarray of shape (N,)
        Area of each dipole, in any unit.

    Returns
    -------
    ndarray of shape (K,)
        Root mean square over time of each cluster's moment, Am.
    """
    topographies = np.column_stack(
        [gain[:, members] @ areas[members] / areas[members].sum() for members in clusters]
    )
    solve = np.linalg.pinv(topographies, rcond=1e-6)
    return np.sqrt(np.maximum(np.einsum("ke,ef,kf->k", solve, product, solve), 0.0))
