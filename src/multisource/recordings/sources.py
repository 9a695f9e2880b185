"""The sources that methods name in a recording, and how sure they are of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from multisource.anatomy.source_space import SourceGeometry
from multisource.certainty.certainty import Sources
from multisource.certainty.levels import LEVELS
from multisource.evaluation.sources import SAID
from multisource.geometry.surfaces import vertex_areas
from multisource.parcellation.dipoles import COLUMNS as ATLAS_COLUMNS
from multisource.parcellation.dipoles import MNI, DipoleRegions
from multisource.recordings.credible import region_shares, shares_in_cell
from multisource.recordings.moments import MEAN, Moment

RADII = tuple(f"within_{100 * level:.0f}_mm" for level in LEVELS)
MOST_REGIONS = 5  # of a recording's mean, by how often a source is named there
COLUMNS = (
    "method",
    "moment",
    "from_s",
    "to_s",
    "presence",
    "number",
    "source",
    "probability",
    "hemisphere",
    *MNI,
    *ATLAS_COLUMNS.values(),
    "x_mm",
    "y_mm",
    "z_mm",
    *RADII,
    "regions",
    "off_cortex",
)


def named_table(
    said: Mapping[str, Sources],
    which: np.ndarray,
    moments: Sequence[Moment],
    dipoles: SourceGeometry,
    regions: DipoleRegions,
) -> pd.DataFrame:
    """List the sources that methods name at the moments of a recording.

    A source whose centre lies where there is no cortex is no answer: it is left out, and counted.

    Parameters
    ----------
    said : mapping of str to Sources
        What each method that names sources says of the S windows.
    which : ndarray of int, shape (S,)
        Which of the recording's M times each window has.
    moments : sequence of Moment
        The moments.
    dipoles : SourceGeometry
        The N dipoles.
    regions : DipoleRegions
        What is at each.

    Returns
    -------
    pandas.DataFrame
        One row per method, moment and source of a probability of one half or more; one row without
        a source where none is so probable. presence: that there is any source, the mean over the
        windows, NaN where the method cannot tell; number: the most probable one; the place, its
        region in each atlas, the distances within which the true centre lies in 50, 80 and 95 % of
        such cases, mm; regions: those in which it lies within the distance of 80 %, each with its
        share of the probability; off_cortex: how many sources were left out.

        Of a moment with several windows or epochs, which may each show other sources, the one
        whose first source is the most probable stands for all. Of the mean of a recording there is
        one row per region in which sources are named, the five most frequent: source is then the
        rank, probability the share of windows with a source there, and the place that of the
        dipole that is named most often.
    """
    areas = vertex_areas(dipoles.positions, dipoles.triangles)
    rows: list[dict[str, Any]] = []
    for method, told in said.items():
        at = said_at_moments(on_cortex(told, regions.cortex), which)
        off = _is_said(told) & ~regions.cortex[told.centre]
        for moment in moments:
            presence, number = moment.of(at.presence), moment.of(at.number)
            head = {
                "method": method,
                "moment": moment.kind,
                "from_s": moment.from_s,
                "to_s": moment.to_s,
                "presence": presence,
                "number": int(number.argmax()),
                "off_cortex": int(off[np.isin(which, moment.windows)].sum()),
            }
            if moment.kind == MEAN:
                found = list(_by_region(at, dipoles, regions))
            else:
                first = np.nan_to_num(at.probability[moment.windows, 0])
                window = int(moment.windows[first.argmax()])
                found = list(_of_window(at, window, dipoles, regions, areas))
            rows += [head | {"source": k} | row for k, row in enumerate(found, start=1)]
            rows += [] if found else [head]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def on_cortex(told: Sources, cortex: np.ndarray) -> Sources:
    """Leave out the sources that lie where there is no cortex.

    Parameters
    ----------
    told : Sources
        What is said of S windows.
    cortex : ndarray of bool, shape (N,)
        Whether there is cortex at each dipole.

    Returns
    -------
    Sources
        Of the same windows; the other sources move up.
    """
    kept = (told.centre >= 0) & cortex[told.centre]
    order = np.argsort(~kept, axis=1, kind="stable")
    left = np.take_along_axis(kept, order, axis=1)
    radius = np.take_along_axis(told.radius_mm, order[:, :, None], axis=1)
    return Sources(
        presence=told.presence,
        number=told.number,
        centre=np.where(left, np.take_along_axis(told.centre, order, axis=1), -1),
        probability=np.where(left, np.take_along_axis(told.probability, order, axis=1), np.nan),
        radius_mm=np.where(left[:, :, None], radius, np.nan),
    )


def said_at_moments(told: Sources, which: np.ndarray) -> Sources:
    """Say of each moment what is said of its windows.

    Parameters
    ----------
    told : Sources
        What is said of S windows.
    which : ndarray of int, shape (S,)
        Moment of each window.

    Returns
    -------
    Sources
        Of M moments. Of several epochs, which may each show other sources, the one whose first
        source is the most probable stands for all, with the mean of the presence and the numbers.
    """
    windows = [np.flatnonzero(which == moment) for moment in range(which.max() + 1)]
    first = np.nan_to_num(told.probability[:, 0])
    chosen = [epochs[first[epochs].argmax()] for epochs in windows]
    return Sources(
        presence=np.array([told.presence[epochs].mean() for epochs in windows]),
        number=np.array([told.number[epochs].mean(axis=0) for epochs in windows]),
        centre=told.centre[chosen],
        probability=told.probability[chosen],
        radius_mm=told.radius_mm[chosen],
    )


def _is_said(told: Sources) -> np.ndarray:
    """Whether each source is there and probable enough to be told, (S, K)."""
    return (told.centre >= 0) & (np.nan_to_num(told.probability) >= SAID)


def _of_window(
    told: Sources,
    window: int,
    dipoles: SourceGeometry,
    regions: DipoleRegions,
    areas: np.ndarray,
) -> Iterator[dict[str, Any]]:
    """Rows of the sources of one window, the most probable first."""
    for k in np.flatnonzero(_is_said(told)[window]):
        centre, radius = int(told.centre[window, k]), told.radius_mm[window, k]
        shares = region_shares(
            centre, radius, dipoles.positions, areas, regions.region, regions.cortex
        )
        yield {
            "probability": told.probability[window, k],
            **_place(centre, dipoles, regions),
            **dict(zip(RADII, radius, strict=True)),
            "regions": shares_in_cell(shares),
        }


def _by_region(
    told: Sources, dipoles: SourceGeometry, regions: DipoleRegions
) -> Iterator[dict[str, Any]]:
    """Rows of the regions in which sources are named most often."""
    row, column = np.nonzero(_is_said(told))
    if not len(row):
        return
    centre = told.centre[row, column]
    pairs = pd.DataFrame({"window": row, "centre": centre, "region": regions.region[centre]})
    often = pairs.drop_duplicates(["window", "region"])["region"].value_counts()
    for region, count in often.head(MOST_REGIONS).items():
        usual = int(pairs.loc[pairs["region"] == region, "centre"].mode().iloc[0])
        yield {"probability": count / len(told.centre), **_place(usual, dipoles, regions)}


def _place(dipole: int, dipoles: SourceGeometry, regions: DipoleRegions) -> dict[str, Any]:
    own = dict(zip(("x_mm", "y_mm", "z_mm"), dipoles.positions[dipole], strict=True))
    return {**regions.place(dipole), **own}
