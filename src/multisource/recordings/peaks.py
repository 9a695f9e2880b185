"""Where the maps of a recording are strongest: clusters, their places, regions and sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import sparray
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import pdist

from multisource.anatomy.source_space import SourceGeometry
from multisource.geometry.surfaces import vertex_areas
from multisource.parcellation.dipoles import DipoleRegions
from multisource.recordings.credible import shares_in_cell
from multisource.recordings.dipole_moments import dipole_moments
from multisource.recordings.moments import Moment

THRESHOLD = 0.5  # of a map's maximum: what belongs to a cluster
CLUSTERS = 3
LEAST = 0.05  # a smaller share of a cluster is not told


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
    moments: Sequence[Moment],
    dipoles: SourceGeometry,
    regions: DipoleRegions,
    products: Sequence[np.ndarray],
    gain: np.ndarray,
) -> pd.DataFrame:
    """List the strongest clusters of every method at the moments of a recording.

    Only cortex counts: what a map shows where there is none is no answer.

    Parameters
    ----------
    maps : mapping of str to ndarray of shape (M, N)
        Maps of each method, of the M windows of the recording.
    moments : sequence of Moment
        The moments.
    dipoles : SourceGeometry
        The N dipoles.
    regions : DipoleRegions
        What is at each.
    products : sequence of ndarray of shape (E, E)
        Mean product of every two channels at each moment, V^2, average reference.
    gain : ndarray of shape (E, N)
        Leadfield of dipoles along the normals, V/(Am), average reference.

    Returns
    -------
    pandas.DataFrame
        One row per method, moment and cluster: the windows, the EEG's rms in them, the peak
        dipole's place (mm, the head's surface RAS and MNI152) and region in each atlas, the
        Desikan-Killiany regions of the cluster with their shares of its area, the map's maximum,
        the amplitude over this maximum, the cluster's moment in nAm (see ``dipole_moments``), and
        area, largest inner distance and number of dipoles of the cluster. off_cortex: the share of
        the method's windows, of the whole recording, whose highest dipole lies where there is no
        cortex.
    """
    adjacency = dipoles.adjacency().tocsr()
    areas = vertex_areas(dipoles.positions, dipoles.triangles)
    rows = []
    for method, values in maps.items():
        off_cortex = float(np.mean(~regions.cortex[values.argmax(axis=1)]))
        for moment, product in zip(moments, products, strict=True):
            shown = np.where(regions.cortex, moment.of(values), 0.0)
            found = clusters(shown, adjacency)
            if not found:
                continue
            strengths = dipole_moments(product, gain, found, areas)
            for rank, (members, strength) in enumerate(zip(found, strengths, strict=True), start=1):
                peak = int(members[shown[members].argmax()])
                rows.append(
                    {
                        "method": method,
                        "moment": moment.kind,
                        "from_s": moment.from_s,
                        "to_s": moment.to_s,
                        "eeg_rms_uv": 1e6 * moment.rms_v,
                        "cluster": rank,
                        "vertex": dipoles.vertices[peak],
                        **regions.place(peak),
                        **dict(zip(("x_mm", "y_mm", "z_mm"), dipoles.positions[peak], strict=True)),
                        "regions": shares_in_cell(area_shares(members, areas, regions.region)),
                        "map_maximum": shown.max(),
                        "amplitude": shown[peak] / shown.max(),
                        "moment_nam": 1e9 * strength,
                        "area_cm2": areas[members].sum() / 100,
                        "extent_mm": pdist(dipoles.positions[members]).max(initial=0.0),
                        "dipoles": len(members),
                        "off_cortex": off_cortex,
                    }
                )
    return pd.DataFrame(rows)


def area_shares(members: np.ndarray, areas: np.ndarray, region: np.ndarray) -> dict[str, float]:
    """Return how much of a cluster lies in each region.

    Parameters
    ----------
    members : ndarray of int
        The cluster's dipoles.
    areas : ndarray of shape (N,)
        Cortex of each dipole.
    region : ndarray of str, shape (N,)
        Region of each.

    Returns
    -------
    dict of str to float
        Region to its share of the area, the largest first; below .05 none.
    """
    area = pd.Series(areas[members]).groupby(region[members]).sum().sort_values(ascending=False)
    shares = area / area.sum()
    return {str(name): float(share) for name, share in shares.items() if share >= LEAST}
