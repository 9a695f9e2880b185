"""What is found over people, as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from multisource.groups.clusters import Clusters
from multisource.parcellation.dipoles import COLUMNS, MNI, DipoleRegions
from multisource.recordings.credible import shares_in_cell
from multisource.recordings.peaks import area_shares

CLUSTER, PEAK = "cluster", "peak of the mean"


def group_table(
    mean: np.ndarray,
    found: Clusters | None,
    areas_mm2: np.ndarray,
    regions: DipoleRegions,
) -> pd.DataFrame:
    """List where a group's mean is highest, and the clusters of its test.

    Parameters
    ----------
    mean : ndarray of shape (N,)
        Mean map of the group, at N dipoles.
    found : Clusters or None
        Its test; None where there is nothing to test against.
    areas_mm2 : ndarray of shape (N,)
        Cortex of each dipole, mm^2.
    regions : DipoleRegions
        What is at each.

    Returns
    -------
    pandas.DataFrame
        A row for the highest dipole of the mean, then one per cluster, the most significant first:
        p, t and difference at the dipole of its largest t, the group's mean there, area, number of
        dipoles, place and regions of that dipole, and the regions of the cluster with their shares.
    """
    peak = int(np.where(regions.cortex, mean, -np.inf).argmax())
    rows: list[dict[str, object]] = [
        {"what": PEAK, "p": np.nan, "t": np.nan, "difference": np.nan, "mean": mean[peak]}
        | {"area_cm2": np.nan, "dipoles": 1, **regions.place(peak)}
        | {"regions": shares_in_cell({str(regions.region[peak]): 1.0})}
    ]
    if found is not None:
        rows += [
            _cluster(members, float(p), mean, found, areas_mm2, regions)
            for members, p in zip(found.members, found.p, strict=True)
        ]
    columns = ["what", "p", "t", "difference", "mean", "area_cm2", "dipoles", "hemisphere"]
    return pd.DataFrame(rows, columns=[*columns, *MNI, *COLUMNS.values(), "regions"])


def _cluster(
    members: np.ndarray,
    p: float,
    mean: np.ndarray,
    found: Clusters,
    areas_mm2: np.ndarray,
    regions: DipoleRegions,
) -> dict[str, object]:
    most = int(members[np.abs(found.t[members]).argmax()])
    return {
        "what": CLUSTER,
        "p": p,
        "t": found.t[most],
        "difference": found.mean[most],
        "mean": mean[most],
        "area_cm2": areas_mm2[members].sum() / 100,
        "dipoles": len(members),
        **regions.place(most),
        "regions": shares_in_cell(area_shares(members, areas_mm2, regions.region)),
    }
