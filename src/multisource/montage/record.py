"""What placing the electrodes did, as files: a table with distances, and a note."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from multisource.files import atomic

if TYPE_CHECKING:
    from multisource.montage.placement import Placed

_COLUMNS = ("name", "x", "y", "z", "moved_mm", "from_standard_mm")


@dataclass(frozen=True)
class Placement:
    """How electrodes came to their places.

    Attributes
    ----------
    how : str
        What was done, in a sentence.
    warnings : list of str
        What is odd.
    names : list of str
        E channel names.
    before : ndarray of shape (E, 3)
        Aligned with the head but not yet moved to the scalp, surface RAS, mm.
    moved_mm : ndarray of shape (E,)
        From there to the scalp.
    from_standard_mm : ndarray of shape (E,)
        From the place that the name has by the 10-05 system; NaN for other names.
    """

    how: str
    warnings: list[str]
    names: list[str]
    before: np.ndarray
    moved_mm: np.ndarray
    from_standard_mm: np.ndarray


def write_placement(table: str | Path, note: str | Path, placed: Placed) -> None:
    """Write what placing electrodes did.

    Parameters
    ----------
    table : path
        Gets a line for each electrode (tsv): where it was before it was moved to the scalp
        (surface RAS, mm), how far it was moved, and how far it then is from the place that its
        name has by the 10-05 system (n/a for other names).
    note : path
        Gets how, and the warnings (json).
    placed : Placed
        The electrodes.
    """
    with atomic(table) as part, open(part, "w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(_COLUMNS)
        for name, point, moved, off in zip(
            placed.electrodes.names,
            placed.before,
            placed.moved_mm,
            placed.from_standard_mm,
            strict=True,
        ):
            values = [*(f"{value:.4f}" for value in point), f"{moved:.2f}"]
            writer.writerow([name, *values, "n/a" if np.isnan(off) else f"{off:.2f}"])
    with atomic(note) as part:
        said = {"how": placed.how, "warnings": placed.warnings}
        part.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_placement(table: str | PathLike[str], note: str | PathLike[str]) -> Placement:
    """Read what :func:`write_placement` wrote.

    Parameters
    ----------
    table, note : path
        The files.

    Returns
    -------
    Placement
        How the electrodes came to their places.
    """
    with open(table, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    said = json.loads(Path(note).read_text(encoding="utf-8"))
    values = np.array(
        [[float(row[key].replace("n/a", "nan")) for key in _COLUMNS[1:]] for row in rows]
    )
    return Placement(
        how=said["how"],
        warnings=said["warnings"],
        names=[row["name"] for row in rows],
        before=values[:, :3],
        moved_mm=values[:, 3],
        from_standard_mm=values[:, 4],
    )
