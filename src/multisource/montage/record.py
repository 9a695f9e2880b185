"""What placing the electrodes did, as files: a table with distances, and a note."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from multisource.files import atomic

if TYPE_CHECKING:
    from multisource.montage.placement import Placed

_COLUMNS = ("name", "x", "y", "z", "moved_mm", "from_standard_mm")


@dataclass(frozen=True)
class Digitised:
    """Landmarks and points of the head's shape of a measured montage, laid on a head.

    Attributes
    ----------
    landmarks : dict of str to ndarray of shape (3,)
        "lpa", "nasion", "rpa" as they were measured, surface RAS, mm; none of a montage without.
    landmarks_mm : dict of str to float
        How far each is from the landmark of the MRI.
    head_shape : ndarray of shape (n, 3)
        Further points, surface RAS, mm.
    head_shape_mm : ndarray of shape (n,)
        How far each is from the scalp.
    """

    landmarks: dict[str, np.ndarray] = field(default_factory=dict)
    landmarks_mm: dict[str, float] = field(default_factory=dict)
    head_shape: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    head_shape_mm: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def line(self) -> str:
        """Say how well it fits.

        Returns
        -------
        str
            A sentence; empty where nothing was measured.
        """
        said = []
        if self.landmarks_mm:
            each = ", ".join(f"{name} {mm:.1f}" for name, mm in self.landmarks_mm.items())
            said.append(f"digitised landmarks from the MRI's: {each} mm")
        if len(self.head_shape_mm):
            middle, most = np.percentile(self.head_shape_mm, (50, 95))
            said.append(
                f"{len(self.head_shape_mm)} points of the head's shape from the scalp: "
                f"{middle:.1f} mm (median; 95 %: {most:.1f} mm)"
            )
        return "; ".join(said)


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
    digitised : Digitised
        What was measured beside the electrodes.
    """

    how: str
    warnings: list[str]
    names: list[str]
    before: np.ndarray
    moved_mm: np.ndarray
    from_standard_mm: np.ndarray
    digitised: Digitised = field(default_factory=Digitised)


def write_placement(table: str | Path, note: str | Path, placed: Placed) -> None:
    """Write what placing electrodes did.

    Parameters
    ----------
    table : path
        Gets a line for each electrode (tsv): where it was before it was moved to the scalp
        (surface RAS, mm), how far it was moved, and how far it then is from the place that its
        name has by the 10-05 system (n/a for other names).
    note : path
        Gets how, the warnings, and what a digitiser measured beside the electrodes (json).
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
        said: dict[str, object] = {"how": placed.how, "warnings": placed.warnings}
        if placed.digitised.line():
            said["digitised"] = _plain(placed.digitised)
        part.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _plain(digitised: Digitised) -> dict[str, object]:
    """What JSON can hold: 0.01 mm is enough."""

    def rounded(values: np.ndarray | float) -> object:
        return np.round(values, 2).tolist()

    return {
        "landmarks": {name: rounded(place) for name, place in digitised.landmarks.items()},
        "landmarks_mm": {name: rounded(mm) for name, mm in digitised.landmarks_mm.items()},
        "head_shape": rounded(digitised.head_shape),
        "head_shape_mm": rounded(digitised.head_shape_mm),
    }


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
        digitised=_digitised(said.get("digitised", {})),
    )


def _digitised(said: dict[str, Any]) -> Digitised:
    return Digitised(
        {name: np.array(place) for name, place in said.get("landmarks", {}).items()},
        said.get("landmarks_mm", {}),
        np.array(said.get("head_shape", [])).reshape(-1, 3),
        np.array(said.get("head_shape_mm", [])),
    )
