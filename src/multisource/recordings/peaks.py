"""Where the maps of a recording are strongest: moments, clusters, their places and sizes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from nibabel.affines import apply_affine
from scipy.sparse import sparray
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import pdist

from multisource.anatomy.source_space import HEMISPHERES, SourceGeometry
from multisource.geometry.surfaces import vertex_areas

THRESHOLD = 0.5  # of a map's maximum: what belongs to a cluster
MOMENTS, CLUSTERS = 3, 3


def strongest_moments(
    times: np.ndarray, strength: np.ndarray, *, apart_s: float, most: int = MOMENTS
) -> list[int]:
    """Find the moments of the highest local maxima.

    Parameters
    ----------
    times : ndarray of shape (M,)
        Moments in s, ascending.
    strength : ndarray of shape (M,)
        Whose maxima are sought.
    apart_s : float
        Least distance of two chosen moments, s.
    most : int
        How many are chosen at most.

    Returns
    -------
    list of int
        Indices of the moments, the strongest first.
    """
    left, right = np.r_[-np.inf, strength[:-1]], np.r_[strength[1:], -np.inf]
    chosen: list[int] = []
    for index in np.argsort(-strength, kind="stable"):
        is_peak = strength[index] >= left[index] and strength[index] >= right[index]
        if is_peak and all(abs(times[index] - times[k]) >= apart_s - 1e-9 for k in chosen):
            chosen.append(int(index))
        if len(chosen) == most:
            break
    return chosen


def clusters(
    values: np.ndarray, adjacency: sparray, *, threshold: float = THRESHOLD, most: int = CLUSTERS
) -> list[np.ndarray]:
    """Find the connected parts of a map near its maximum.

    Parameters
    ----------
    values : ndarray of shape (N,)
        A map.
    adjacency : sparse array of shape (N, N)
        Which dipoles are neighbours.
    threshold : float
        Share of the maximum that a dipole needs.
    most : int
        How many clusters are returned at most.

    Returns
    -------
    list of ndarray of int
        Dipoles of each cluster, that with the highest peak first; none for an empty map.
    """
    if values.size == 0 or values.max() <= 0:
        return []
    high = np.flatnonzero(values >= threshold * values.max())
    count, label = connected_components(adjacency[high][:, high], directed=False)
    found = [high[label == k] for k in range(count)]
    return sorted(found, key=lambda one: -values[one].max())[:most]


def peak_table(
    maps: Mapping[str, np.ndarray],
    times: np.ndarray,
    strength: np.ndarray,
    dipoles: SourceGeometry,
    to_mni: np.ndarray,
    *,
    window_s: float,
) -> pd.DataFrame:
    """List the strongest clusters of every method at the strongest moments.

    Parameters
    ----------
    maps : mapping of str to ndarray of shape (M, N)
        Maps of each method.
    times : ndarray of shape (M,)
        When each window starts, s.
    strength : ndarray of shape (M,)
        Root mean square of the EEG in each window, V.
    dipoles : SourceGeometry
        The N dipoles.
    to_mni : ndarray of shape (4, 4)
        From mm of the head's surface RAS to mm of MNI152.
    window_s : float
        Length of a window, s.

    Returns
    -------
    pandas.DataFrame
        One row per method, moment and cluster: the window, the EEG's rms in it, the peak dipole's
        place (mm, the head's surface RAS and MNI152), the map's maximum, the amplitude over this
        maximum, and area, largest inner distance and number of dipoles of the cluster.
    """
    adjacency = dipoles.adjacency().tocsr()
    areas = vertex_areas(dipoles.positions, dipoles.triangles)
    mni = apply_affine(to_mni, dipoles.positions)
    chosen = strongest_moments(times, strength, apart_s=window_s)
    rows = []
    for method, values in maps.items():
        for moment in chosen:
            for rank, members in enumerate(clusters(values[moment], adjacency), start=1):
                peak = members[values[moment][members].argmax()]
                places = dipoles.positions[members]
                rows.append(
                    {
                        "method": method,
                        "from_s": times[moment],
                        "to_s": times[moment] + window_s,
                        "eeg_rms_uv": 1e6 * strength[moment],
                        "cluster": rank,
                        "hemisphere": HEMISPHERES[dipoles.hemisphere[peak]],
                        "vertex": dipoles.vertices[peak],
                        **dict(zip(("x_mm", "y_mm", "z_mm"), dipoles.positions[peak], strict=True)),
                        **dict(zip(("mni_x", "mni_y", "mni_z"), mni[peak], strict=True)),
                        "map_maximum": values[moment].max(),
                        "amplitude": values[moment][peak] / values[moment].max(),
                        "area_cm2": areas[members].sum() / 100,
                        "extent_mm": pdist(places).max(initial=0.0),
                        "dipoles": len(members),
                    }
                )
    return pd.DataFrame(rows)
