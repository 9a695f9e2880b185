"""Maps of methods that find dipoles: on the cortex, and spread over the scale of patches.

A method that says "these few dipoles" has a map of zeros but for them. Metrics of maps would take
nearly all of an extended source for missed, so that each dipole's value is spread over its
neighbours, as far as serves the method best on validation windows.
"""

from __future__ import annotations

import mne
import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

from multisource.inverse.kernel import post_process


def spread(forward: mne.Forward, maps: np.ndarray, spread_mm: float) -> np.ndarray:
    """Spread the values of maps over the neighbours of each dipole.

    Each value becomes a cone of this height, as a patch is one in the simulation: it falls linearly
    with the straight distance, to 0 at half of the diameter. Cones add up.

    Parameters
    ----------
    forward : mne.Forward
        A forward solution with its source spaces.
    maps : ndarray of shape (S, N)
        Maps, 0 or more.
    spread_mm : float
        Diameter of the cones in mm; 0 leaves the maps as they are.

    Returns
    -------
    ndarray of shape (S, N)
        Maps, float32.
    """
    maps = np.asarray(maps, np.float32)
    if spread_mm == 0:
        return maps
    positions = dipole_positions(forward)
    tree = cKDTree(positions)
    near = tree.sparse_distance_matrix(tree, spread_mm / 2, output_type="coo_matrix")
    weights = (1 - 2 * near.data / spread_mm).astype(np.float32)
    cones = sp.csr_array((weights, (near.row, near.col)), shape=near.shape)
    return np.asarray((cones @ maps.T).T, np.float32)


def dipole_positions(forward: mne.Forward) -> np.ndarray:
    """Return where the dipoles are.

    Parameters
    ----------
    forward : mne.Forward
        A forward solution with its source spaces.

    Returns
    -------
    ndarray of shape (N, 3)
        Positions in mm, in the forward's frame.
    """
    return 1000 * np.concatenate([s["rr"][s["vertno"]] for s in forward["src"]])


def map_of_estimate(estimate: mne.SourceEstimate, forward: mne.Forward) -> np.ndarray:
    """Return the map of a source estimate of some of the dipoles.

    Parameters
    ----------
    estimate : mne.SourceEstimate
        Currents (K, T) of the vertices that are not zero.
    forward : mne.Forward
        The forward solution with all N vertices.

    Returns
    -------
    ndarray of shape (N,)
        As ``kernel.post_process`` makes it.
    """
    first, places = 0, []
    for space, vertices in zip(forward["src"], estimate.vertices, strict=True):
        places.append(first + np.searchsorted(space["vertno"], vertices))
        first += len(space["vertno"])
    result = np.zeros(first)
    if len(estimate.data):
        result[np.concatenate(places)] = post_process(np.abs(estimate.data))
    return result


def map_of_dipoles(dipoles: list[mne.Dipole], forward: mne.Forward) -> np.ndarray:
    """Return the map of dipoles with their time courses.

    Parameters
    ----------
    dipoles : list of mne.Dipole
        Each at one place, that of a dipole of the forward, with an amplitude at every sample.
    forward : mne.Forward
        The forward solution.

    Returns
    -------
    ndarray of shape (N,)
        As ``kernel.post_process`` makes it.
    """
    positions = dipole_positions(forward)
    result = np.zeros(len(positions))
    if dipoles:
        places = cKDTree(positions).query(1000 * np.array([d.pos[0] for d in dipoles]))[1]
        np.add.at(result, places, post_process(np.abs([d.amplitude for d in dipoles])))
    return result
