"""Are the sources that a method names true: how many, how far off, and as sure as it says?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from multisource.certainty.certainty import Sources
from multisource.certainty.levels import LEVELS
from multisource.certainty.matching import match_sources
from multisource.netcdf import read_arrays
from multisource.simulation.chunks import read_truth
from multisource.simulation.truth import SparseTruth

SAID = 0.5  # probability from which a source counts as said
VARIABLES = (
    "presence",
    "number_probability",
    "source_centre",
    "source_probability",
    "source_radius_mm",
)
COVERAGE = tuple(f"within_{100 * level:.0f}" for level in LEVELS)
COLUMNS = (
    "scenario",
    "method",
    "windows",
    "sources",
    "said",
    "true",
    "found",
    "error_mm",
    "radius_80_mm",
    *COVERAGE,
    "number_right",
)
NUMBER_COLUMNS = ("scenario", "method", "true", "said", "windows")


def read_said(path: str | os.PathLike[str]) -> Sources | None:
    """Read what a method says of the sources.

    Parameters
    ----------
    path : str or path-like
        An estimates file.

    Returns
    -------
    Sources or None
        None if the method names no sources.
    """
    found, _ = read_arrays(path, *VARIABLES)
    if set(found) != set(VARIABLES):
        return None
    return Sources(*(found[name] for name in VARIABLES))


def judge_sources(said: Sources, truth: SparseTruth, positions: np.ndarray) -> dict[str, float]:
    """Compare named sources with the true ones.

    Parameters
    ----------
    said : Sources
        Of S windows.
    truth : SparseTruth
        Of the same windows.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.

    Returns
    -------
    dict of str to float
        Over all windows: sources (true ones), said (named with a probability of ``SAID`` and more),
        true (share of the named ones that have a true centre within
        :data:`multisource.certainty.matching.SAME_MM`), found (share of the true ones that are
        named); of the named ones that are true: error_mm (median distance), radius_80_mm (median
        of the radius of 80 %), ``within_50``, ``within_80`` and ``within_95`` (share within the
        radius of that level); and number_right (share of the windows whose most probable number
        is true).
    """
    distance, radius = [], []
    count = 0
    for window in range(len(truth)):
        sure = (said.centre[window] >= 0) & (said.probability[window] >= SAID)
        places = positions[said.centre[window][sure]]
        centres = positions[truth.centres(window)]
        matched = match_sources(places, centres)
        right = matched >= 0
        count += len(places)
        distance.append(np.linalg.norm(places[right] - centres[matched[right]], axis=1))
        radius.append(said.radius_mm[window][sure][right])
    far, reach = np.concatenate(distance), np.concatenate(radius)
    sources = int(truth.n_patches.sum())
    nothing = not len(far)
    nan = float("nan")
    # Rounded to a micrometre: a radius that is the distance itself holds it.
    within = far[:, None] <= reach + 1e-3
    return {
        "windows": len(truth),
        "sources": sources,
        "said": count,
        "true": len(far) / count if count else nan,
        "found": len(far) / sources if sources else nan,
        "error_mm": nan if nothing else float(np.median(far)),
        "radius_80_mm": nan if nothing else float(np.median(reach[:, LEVELS.index(0.8)])),
        **{name: nan if nothing else float(within[:, k].mean()) for k, name in enumerate(COVERAGE)},
        "number_right": float((said.number.argmax(axis=1) == truth.n_patches).mean()),
    }


def sources_table(
    estimates: Mapping[str, Sequence[str | Path]],
    chunks: Mapping[str, Sequence[str | Path]],
    positions: np.ndarray,
) -> pd.DataFrame:
    """Judge the named sources of every method that names any, on every scenario.

    Parameters
    ----------
    estimates : mapping of str to sequence of path
        Scenario to the estimates files of its methods, each named after its method.
    chunks : mapping of str to sequence of path
        Scenario to the files of its windows. A method may have estimates of the first ones only.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.

    Returns
    -------
    pandas.DataFrame
        One row per scenario and method, the columns of :func:`judge_sources`.
    """
    rows = []
    for scenario, truth, path, said in _all_said(estimates, chunks):
        judged = judge_sources(said, truth, positions)
        rows.append({"scenario": scenario, "method": path.stem, **judged})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def number_table(
    estimates: Mapping[str, Sequence[str | Path]], chunks: Mapping[str, Sequence[str | Path]]
) -> pd.DataFrame:
    """Count how often each number of sources was said of each true number.

    Parameters
    ----------
    estimates, chunks : mapping of str to sequence of path
        As for :func:`sources_table`.

    Returns
    -------
    pandas.DataFrame
        One row per scenario, method, true and said number that occurs: windows.
    """
    rows = []
    for scenario, truth, path, said in _all_said(estimates, chunks):
        pairs = pd.DataFrame({"true": truth.n_patches, "said": said.number.argmax(axis=1)})
        counted = pairs.value_counts(sort=False).sort_index()
        for (true, told), windows in counted.items():
            rows.append((scenario, path.stem, int(true), int(told), int(windows)))
    return pd.DataFrame(rows, columns=list(NUMBER_COLUMNS))


def _all_said(
    estimates: Mapping[str, Sequence[str | Path]], chunks: Mapping[str, Sequence[str | Path]]
) -> Iterator[tuple[str, SparseTruth, Path, Sources]]:
    """Scenario, truth, estimates file and content of every method that names sources."""
    for scenario, paths in estimates.items():
        truth = None
        for path in map(Path, paths):
            if (said := read_said(path)) is not None:
                truth = truth or read_truth(chunks[scenario])
                yield scenario, truth.first(len(said.presence)), path, said
