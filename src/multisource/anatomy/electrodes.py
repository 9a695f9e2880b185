"""Electrodes on the scalp, and the table that they are written to (BIDS electrodes.tsv)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from multisource.channels.names import check_names
from multisource.channels.table import number, read_table
from multisource.errors import refuse
from multisource.files import atomic

# What people write where there is no number.
_NOTHING = ("", "n/a", "na", "nan", "none", "null", "-")


@dataclass(frozen=True)
class Electrodes:
    """Electrodes on the scalp surface.

    Attributes
    ----------
    names : list of str
        E channel names.
    positions : ndarray of shape (E, 3)
        In surface RAS, mm.
    """

    names: list[str]
    positions: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def chosen(self, names: Sequence[str]) -> Electrodes:
        """Return some of the electrodes.

        Parameters
        ----------
        names : sequence of str
            Their names, all of them in ``self.names``.

        Returns
        -------
        Electrodes
            In the order of ``names``.
        """
        return Electrodes(list(names), self.positions[[self.names.index(one) for one in names]])


def read_electrodes(path: str | Path) -> Electrodes:
    """Read a BIDS electrodes.tsv, as it stands.

    Parameters
    ----------
    path : path
        Table with columns name, x, y, z in mm, surface RAS.

    Returns
    -------
    Electrodes
        Rows whose coordinates are all n/a (reference, ECG) are left out.

    Raises
    ------
    UserError
        When the file, a column or a number is missing, or a name comes twice.
    """
    points, _, broken = read_points(path)
    refuse(broken.values())
    check_names(list(points), list(points), source=str(path))
    return Electrodes(list(points), np.array(list(points.values())))


def read_points(
    path: str | Path,
) -> tuple[dict[str, np.ndarray], list[str], dict[str, str]]:
    """Read the places that a table gives by name.

    Parameters
    ----------
    path : path
        Table with columns name, x, y, z.

    Returns
    -------
    points : dict of str to ndarray of shape (3,)
        In the table's own unit.
    nowhere : list of str
        Names without any coordinate: a reference, an ECG.
    broken : dict of str to str
        Names with a part of a place or with what is no number, and what is wrong with them.

    Raises
    ------
    UserError
        When the file or a column is missing, or a name comes twice.
    """
    points: dict[str, np.ndarray] = {}
    nowhere: list[str] = []
    broken: dict[str, str] = {}
    names: list[str] = []
    for row in read_table(path, ["name", "x", "y", "z"]):
        name, values = row["name"], [row[axis] for axis in "xyz"]
        names.append(name)
        try:
            point = np.array([np.nan if v.lower() in _NOTHING else number(v) for v in values])
        except ValueError:
            point = np.array([0.0, 0.0, np.nan])
        if np.isfinite(point).all():
            points[name] = point
        elif np.isnan(point).all():
            nowhere.append(name)
        else:
            broken[name] = f"{path}: position of {name!r} is {values}; give three numbers"
    refuse(
        f"{path}: channel {name!r} is named twice; name it once"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    )
    return points, nowhere, broken


def write_electrodes(path: str | Path, electrodes: Electrodes) -> None:
    """Write a BIDS electrodes.tsv: name, x, y, z in mm, surface RAS.

    Parameters
    ----------
    path : path
        File to write.
    electrodes : Electrodes
        Names and positions.
    """
    with atomic(path) as part, open(part, "w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(["name", "x", "y", "z"])
        for name, point in zip(electrodes.names, electrodes.positions, strict=True):
            writer.writerow([name, *(f"{value:.4f}" for value in point)])
