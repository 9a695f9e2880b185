"""The report's section on groups: the mean over people, and where they differ together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from multisource.groups.table import CLUSTER
from multisource.parcellation.dipoles import COLUMNS, MNI
from multisource.parcellation.words import label_in_words
from multisource.recordings.credible import shares_of_cell
from multisource.report.page import Section
from multisource.report.picture import Picture

GROUPS = (
    "Recordings averaged over people. The test asks where people differ together from what they "
    "are compared with: clusters of neighbouring dipoles, with signs turned by person, so that p "
    "holds for the whole cortex. That a cluster is told of does not say that all of it is active, "
    "nor where its border lies. Source estimates stand in groups/<name>/."
)
MOST = 10  # clusters of a group on the page
FilePath = str | os.PathLike[str]


def group_sections(
    pictures: Mapping[str, FilePath], tables: Mapping[str, FilePath], words: Mapping[str, FilePath]
) -> list[Section]:
    """Return the section on groups of recordings.

    Parameters
    ----------
    pictures : mapping of str to path
        Group to picture.
    tables : mapping of str to path
        Group to table (tsv) of :func:`multisource.groups.table.group_table`.
    words : mapping of str to path
        Group to what was averaged and tested, in words.

    Returns
    -------
    list of Section
        None if there are no groups.
    """
    if not pictures:
        return []
    shown, frames = [], []
    for name, path in pictures.items():
        said = Path(words[name]).read_text(encoding="utf-8").split("\n")
        caption = f"{name}: {'; '.join(line for line in said if line)}"
        shown.append(
            Picture(
                Path(path).read_bytes(),
                caption,
                f"Brains with the mean map of the group {name} and the clusters of its test",
            )
        )
        frames.append((f"{name}: highest place of the mean, and clusters", _told(tables[name])))
    return [Section("Groups of recordings", GROUPS, pictures=shown, frames=frames)]


def _told(path: FilePath) -> pd.DataFrame:
    table = pd.read_csv(path, sep="\t")
    region = COLUMNS["aparc"]
    rows = []
    for _, row in table.head(1 + MOST).iterrows():
        shares = shares_of_cell(row["regions"]) if isinstance(row["regions"], str) else {}
        listed = ", ".join(f"{label_in_words(k)} {100 * v:.0f} %" for k, v in shares.items())
        is_cluster = row["what"] == CLUSTER
        rows.append(
            {
                "what": row["what"],
                "p": f"{row['p']:.3g}" if is_cluster else "",
                "t": f"{row['t']:.1f}" if is_cluster else "",
                "region": label_in_words(row[region]),
                "MNI (mm)": "(" + ", ".join(f"{row[axis]:.0f}" for axis in MNI) + ")",
                "area (cm²)": f"{row['area_cm2']:.1f}" if is_cluster else "",
                "regions of the cluster": listed if is_cluster else "",
            }
        )
    return pd.DataFrame(rows)
