"""The dipoles as a table: what steps need that look at places only, without the surfaces."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from multisource.errors import UserError
from multisource.files import atomic

_COLUMNS = ("hemisphere", "vertex", "x", "y", "z", "medial_wall")


@dataclass(frozen=True)
class SourceTable:
    """N dipoles in the order of every leadfield and map.

    Attributes
    ----------
    positions : ndarray of shape (N, 3)
        Points on the white surface, surface RAS, mm.
    hemisphere : ndarray of shape (N,)
        0 left, 1 right.
    vertices : ndarray of shape (N,)
        Vertex number in the hemisphere's surface.
    medial_wall : ndarray of bool, shape (N,)
        Where there is no cortex.
    """

    positions: np.ndarray
    hemisphere: np.ndarray
    vertices: np.ndarray
    medial_wall: np.ndarray


def write_source_table(path: str | os.PathLike, table: SourceTable) -> None:
    """Write ``sources.tsv``.

    Parameters
    ----------
    path : str or path
        File to write.
    table : SourceTable
        The dipoles; any object with these fields will do.
    """
    rows = np.column_stack(
        [table.hemisphere, table.vertices, table.positions, table.medial_wall]
    ).astype(float)
    with atomic(path) as part:
        np.savetxt(
            part,
            rows,
            fmt=["%d", "%d", "%.5f", "%.5f", "%.5f", "%d"],
            delimiter="\t",
            header="\t".join(_COLUMNS),
            comments="",
        )


def read_source_table(path: str | os.PathLike) -> SourceTable:
    """Read ``sources.tsv``.

    Parameters
    ----------
    path : str or path
        File to read.

    Returns
    -------
    SourceTable
        The dipoles.

    Raises
    ------
    UserError
        Where the file is not a source table.
    """
    with open(path, encoding="utf-8") as lines:
        columns = tuple(lines.readline().split())
        if columns != _COLUMNS:
            raise UserError(f"{path}: columns {columns}; a source table has {_COLUMNS}")
        rows = np.loadtxt(lines, delimiter="\t", ndmin=2)
    return SourceTable(
        positions=rows[:, 2:5],
        hemisphere=rows[:, 0].astype(np.int8),
        vertices=rows[:, 1].astype(np.int64),
        medial_wall=rows[:, 5].astype(bool),
    )
