"""The truth of simulated windows: which dipoles are active, how strongly, and round which centres.

Some 400 of 8196 dipoles are active in a window, so the truth is kept without its zeros, as in the
chunk files. This is the one class for it, from the simulation to the metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from multisource.errors import UserError

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class SparseTruth:
    """Active dipoles and patch centres of S windows, named as in the chunk files.

    Attributes
    ----------
    offset : ndarray of shape (S + 1,)
        The dipoles of window s are ``dipole[offset[s]:offset[s + 1]]`` (file: ``truth_offset``).
    dipole : ndarray of shape (K,)
        Indices of the dipoles of all windows (file: ``truth_dipole``).
    coefficient : ndarray of shape (K,)
        Their coefficients l in 0..1 (file: ``truth_coefficient``). Active means l > 0.
    centre : ndarray of shape (S, P)
        Dipole index of each patch's centre, -1 where a window has fewer patches.
    n_dipoles : int
        N, the size of a map.

    Raises
    ------
    UserError
        If the arrays do not fit each other, or an index lies outside the map.
    """

    offset: np.ndarray
    dipole: np.ndarray
    coefficient: np.ndarray
    centre: np.ndarray
    n_dipoles: int

    def __post_init__(self) -> None:
        windows = len(self.centre)
        if len(self.offset) != windows + 1:
            raise UserError(
                f"truth_offset: {len(self.offset)} entries; {windows} windows need {windows + 1}"
            )
        if self.offset[0] != 0 or np.any(np.diff(self.offset) < 0):
            raise UserError("truth_offset: does not start at 0, or falls")
        if not len(self.dipole) == len(self.coefficient) == self.offset[-1]:
            raise UserError(
                f"truth_dipole, truth_coefficient: {len(self.dipole)} and {len(self.coefficient)} "
                f"entries; truth_offset ends at {self.offset[-1]}"
            )
        if len(self.dipole) and not 0 <= self.dipole.min() <= self.dipole.max() < self.n_dipoles:
            raise UserError(f"truth_dipole: an index lies outside 0..{self.n_dipoles - 1}")

    def __len__(self) -> int:
        return len(self.centre)

    @property
    def n_patches(self) -> np.ndarray:
        """Number of patches of each window, an array of shape (S,)."""
        return np.count_nonzero(self.centre >= 0, axis=1)

    def active(self, window: int) -> np.ndarray:
        """Return the active dipoles of a window.

        Parameters
        ----------
        window : int
            Number of the window.

        Returns
        -------
        ndarray of int
            Indices of the dipoles.
        """
        part = slice(self.offset[window], self.offset[window + 1])
        return self.dipole[part][self.coefficient[part] > 0]

    def numbers(self) -> list[int]:
        """Return how many patches each window has.

        Returns
        -------
        list of int
            S numbers.
        """
        return [int(number) for number in (self.centre >= 0).sum(axis=1)]

    def centres(self, window: int) -> np.ndarray:
        """Return the patch centres of a window.

        Parameters
        ----------
        window : int
            Number of the window.

        Returns
        -------
        ndarray of int
            Indices of the dipoles, in the order of the patches.
        """
        return self.centre[window][self.centre[window] >= 0]

    def dense(self, windows: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
        """Return maps of l with their zeros.

        Parameters
        ----------
        windows : sequence of int, optional
            Numbers of the windows; all of them by default.

        Returns
        -------
        ndarray of shape (len(windows), N)
            The l of each dipole, 0 where inactive, float32.
        """
        rows = np.arange(len(self)) if windows is None else np.asarray(windows)
        count, chosen = self._entries(rows)
        maps = np.zeros((len(rows), self.n_dipoles), dtype=np.float32)
        maps[np.repeat(np.arange(len(rows)), count), self.dipole[chosen]] = self.coefficient[chosen]
        return maps

    def first(self, count: int) -> SparseTruth:
        """Return the truth of the first windows.

        Parameters
        ----------
        count : int
            Number of windows.

        Returns
        -------
        SparseTruth
            Their truth.
        """
        end = self.offset[count]
        return SparseTruth(
            self.offset[: count + 1],
            self.dipole[:end],
            self.coefficient[:end],
            self.centre[:count],
            self.n_dipoles,
        )

    def take(self, windows: np.ndarray) -> tuple[SparseTruth, np.ndarray]:
        """Return the truth of some windows.

        Parameters
        ----------
        windows : ndarray of int
            Numbers of the windows.

        Returns
        -------
        truth : SparseTruth
            Theirs, in the order given.
        chosen : ndarray of int
            The entries of ``dipole`` and ``coefficient`` that it is made of.
        """
        count, chosen = self._entries(windows)
        offset = np.concatenate([np.zeros(1, np.int64), np.cumsum(count)])
        return SparseTruth(
            offset,
            self.dipole[chosen],
            self.coefficient[chosen],
            self.centre[windows],
            self.n_dipoles,
        ), chosen

    def _entries(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How many dipoles windows have, and where they stand in the joint arrays."""
        start, count = self.offset[windows], np.diff(self.offset)[windows]
        # Place of every active dipole of the chosen windows in the joint arrays, without a loop.
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return count, np.repeat(start, count) + within

    def repeated(self, times: int) -> SparseTruth:
        """Return the truth of a continuous recording: that of its one window, repeated.

        Parameters
        ----------
        times : int
            Number of windows of the recording.

        Returns
        -------
        SparseTruth
            The truth of all its windows.

        Raises
        ------
        ValueError
            If there is more than one window, or none.
        """
        if len(self) != 1:
            raise ValueError("only the truth of one window can be repeated")
        return SparseTruth(
            np.arange(times + 1) * len(self.dipole),
            np.tile(self.dipole, times),
            np.tile(self.coefficient, times),
            np.repeat(self.centre, times, axis=0),
            self.n_dipoles,
        )

    @classmethod
    def joined(cls, parts: Sequence[SparseTruth]) -> SparseTruth:
        """Return the truth of several parts one after the other.

        Parameters
        ----------
        parts : sequence of SparseTruth
            The parts, all on the same dipoles.

        Returns
        -------
        SparseTruth
            The truth of the windows of all parts.
        """
        starts = np.cumsum([0, *(part.offset[-1] for part in parts)])[:-1]
        offsets = [part.offset[1:] + s for part, s in zip(parts, starts, strict=True)]
        return cls(
            np.concatenate([np.zeros(1, np.int64), *offsets]),
            np.concatenate([part.dipole for part in parts]),
            np.concatenate([part.coefficient for part in parts]),
            np.concatenate([part.centre for part in parts]),
            parts[0].n_dipoles,
        )

    @classmethod
    def unknown(cls, windows: int) -> SparseTruth:
        """Return the truth of windows of real EEG: none is known.

        Parameters
        ----------
        windows : int
            Number of windows.

        Returns
        -------
        SparseTruth
            A truth without dipoles and centres.
        """
        return cls(
            np.zeros(windows + 1, np.int64),
            np.zeros(0, np.int32),
            np.zeros(0, np.float32),
            np.full((windows, 1), -1, np.int32),
            0,
        )

    @classmethod
    def from_dataset(cls, data: xr.Dataset) -> SparseTruth:
        """Return the truth of simulated windows.

        Parameters
        ----------
        data : xarray.Dataset
            The windows (``simulation.chunks.read_chunks``).

        Returns
        -------
        SparseTruth
            Their truth.
        """
        names = ("truth_offset", "truth_dipole", "truth_coefficient", "centre")
        offset, dipole, coefficient, centre = (np.asarray(data[name].values) for name in names)
        return cls(offset, dipole, coefficient, centre, int(data.attrs.get("n_dipoles", 0)))

    def variables(self) -> dict[str, tuple[Any, ...]]:
        """Return the variables of a dataset that hold this truth.

        Returns
        -------
        dict
            Name to (dimensions, values); see ``simulation.chunks``.
        """
        return {
            "truth_offset": (("boundary",), self.offset),
            "truth_dipole": (("active",), self.dipole),
            "truth_coefficient": (("active",), self.coefficient),
            "centre": (("sample", "patch"), self.centre),
        }
