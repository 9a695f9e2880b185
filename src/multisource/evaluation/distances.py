"""How far every dipole lies from the truth: the same for all methods, so measured once."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from multisource.errors import UserError
from multisource.evaluation.nearest import patch_distances
from multisource.files import atomic
from multisource.simulation.truth import SparseTruth

_ARRAYS = ("row", "distance", "cell")


@dataclass(frozen=True)
class TruthDistances:
    """Distances of S windows, U of them with a truth that differs from the window before.

    Attributes
    ----------
    row : ndarray of shape (S,)
        The row of ``distance`` and ``cell`` that a window has.
    distance : ndarray of shape (U, N)
        From every dipole to the nearest active one, mm; infinite where a window has no source.
    cell : ndarray of shape (U, N)
        Number of the patch whose active dipoles are nearest.
    """

    row: np.ndarray
    distance: np.ndarray
    cell: np.ndarray

    @classmethod
    def of(cls, truth: SparseTruth, positions: np.ndarray) -> TruthDistances:
        """Measure all windows of a truth.

        Parameters
        ----------
        truth : SparseTruth
            Active dipoles and centres of S windows.
        positions : ndarray of shape (N, 3)
            Of the dipoles, mm.

        Returns
        -------
        TruthDistances
            The distances.
        """
        rows, distances, cells = [], [], []
        for new, distance, cell in measured(truth, positions):
            if new:
                distances.append(distance)
                cells.append(cell)
            rows.append(len(distances) - 1)
        return cls(np.array(rows), np.array(distances), np.array(cells))

    def first(self, count: int) -> TruthDistances:
        """Return the distances of the first windows.

        Parameters
        ----------
        count : int
            Number of windows.

        Returns
        -------
        TruthDistances
            Their distances.
        """
        return TruthDistances(self.row[:count], self.distance, self.cell)

    def each(self) -> Iterator[tuple[bool, np.ndarray, np.ndarray]]:
        """Yield the distances of every window.

        Yields
        ------
        new : bool
            Whether the window differs from the one before.
        distance : ndarray of shape (N,)
            From every dipole to the nearest active one, mm.
        cell : ndarray of shape (N,)
            Number of the patch whose active dipoles are nearest.
        """
        previous = -1
        for row in self.row:
            yield row != previous, self.distance[row], self.cell[row]
            previous = row


def measured(
    truth: SparseTruth, positions: np.ndarray
) -> Iterator[tuple[bool, np.ndarray, np.ndarray]]:
    """Yield what :meth:`TruthDistances.each` does, measured on the way.

    All windows of a named scenario have the same truth, which is measured once.

    Parameters
    ----------
    truth : SparseTruth
        Active dipoles and centres of S windows.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.

    Yields
    ------
    new : bool
        Whether the window differs from the one before.
    distance : ndarray of shape (N,)
        From every dipole to the nearest active one, mm.
    cell : ndarray of shape (N,)
        Number of the patch whose active dipoles are nearest.
    """
    previous: tuple[bytes, bytes] | None = None
    distance = cell = np.empty(0)
    for sample in range(len(truth)):
        active, centres = truth.active(sample), truth.centres(sample)
        key = (active.tobytes(), centres.tobytes())
        new = key != previous
        if new and not len(centres):
            previous = key
            distance = np.full(len(positions), np.inf)
            cell = np.zeros(len(positions), np.uint8)
        elif new:
            previous = key
            distances = patch_distances(positions, active, centres)
            distance, cell = distances.min(axis=0), distances.argmin(axis=0).astype(np.uint8)
        yield new, distance, cell


def write_distances(path: str | os.PathLike[str], distances: TruthDistances) -> None:
    """Write distances as an npz file.

    Parameters
    ----------
    path : str or path-like
        The output: arrays row, distance and cell.
    distances : TruthDistances
        What is written.
    """
    with atomic(path) as part:
        np.savez(part, **{name: getattr(distances, name) for name in _ARRAYS})


def read_distances(path: str | os.PathLike[str]) -> TruthDistances:
    """Read distances.

    Parameters
    ----------
    path : str or path-like
        A file of :func:`write_distances`.

    Returns
    -------
    TruthDistances
        The distances.

    Raises
    ------
    UserError
        If the file is missing, damaged or holds something else.
    """
    try:
        with np.load(path) as arrays:
            return TruthDistances(*(arrays[name] for name in _ARRAYS))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: missing or damaged ({error}); remove it, run again") from error
