"""Windows of EEG with their truth kept sparse: a map of 8196 values is made only for a batch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from multisource.errors import UserError

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Windows:
    """Samples of one split.

    Attributes
    ----------
    eeg
        (S, E, T) float32, V.
    offset
        (S + 1,): the active dipoles of sample s are ``dipole[offset[s]:offset[s + 1]]``.
    dipole, coefficient
        Indices of the active dipoles and their coefficients l in 0..1, all samples together.
    n_dipoles
        N, the size of a map.
    n_patches
        (S,) number of patches of each sample; None where it is not known.
    """

    eeg: np.ndarray
    offset: np.ndarray
    dipole: np.ndarray
    coefficient: np.ndarray
    n_dipoles: int
    n_patches: np.ndarray | None = None

    def __post_init__(self) -> None:
        samples = len(self.eeg)
        if self.eeg.ndim != 3 or samples == 0:
            raise UserError(f"eeg: shape {self.eeg.shape}; needs (samples, channels, times)")
        if len(self.offset) != samples + 1:
            raise UserError(
                f"truth_offset: {len(self.offset)} entries; {samples} samples need {samples + 1}"
            )
        if not len(self.dipole) == len(self.coefficient) == self.offset[-1]:
            raise UserError(
                f"truth_dipole, truth_coefficient: {len(self.dipole)} and {len(self.coefficient)} "
                f"entries; truth_offset ends at {self.offset[-1]}"
            )
        if len(self.dipole) and not 0 <= self.dipole.min() <= self.dipole.max() < self.n_dipoles:
            raise UserError(f"truth_dipole: an index lies outside 0..{self.n_dipoles - 1}")
        if not np.isfinite(self.eeg).all():
            raise UserError("eeg: a value is not finite; simulate the samples again")

    def __len__(self) -> int:
        return len(self.eeg)

    def first(self, count: int) -> Windows:
        """The first ``count`` samples; UserError if there are fewer."""
        if not 1 <= count <= len(self):
            raise UserError(f"samples: {count}; there are {len(self)}")
        end = self.offset[count]
        return Windows(
            self.eeg[:count],
            self.offset[: count + 1],
            self.dipole[:end],
            self.coefficient[:end],
            self.n_dipoles,
            None if self.n_patches is None else self.n_patches[:count],
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels E, times T and dipoles N, which a network is built for."""
        return (*self.eeg.shape[1:], self.n_dipoles)

    def truth(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Maps (len(rows), N) float32 of l, 0 where a dipole is inactive."""
        rows = np.asarray(rows)
        start, count = self.offset[rows], np.diff(self.offset)[rows]
        # Place of every active dipole of the chosen rows in the joint arrays, without a loop.
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        chosen = np.repeat(start, count) + within
        maps = np.zeros((len(rows), self.n_dipoles), dtype=np.float32)
        maps[np.repeat(np.arange(len(rows)), count), self.dipole[chosen]] = self.coefficient[chosen]
        return maps

    @property
    def mean_activation(self) -> float:
        """Mean of l over samples and dipoles."""
        return float(self.coefficient.sum(dtype=np.float64) / (len(self) * self.n_dipoles))

    def fingerprint(self) -> str:
        """Hash of the content: a training may only go on with the samples it began with."""
        digest = hashlib.blake2b(digest_size=16)
        arrays = [self.eeg, self.offset, self.dipole, self.coefficient]
        for array in arrays + ([] if self.n_patches is None else [self.n_patches]):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def windows_of(data: xr.Dataset) -> Windows:
    """Take the samples of a split as ``simulation.chunks.read_chunks`` returns them."""
    return Windows(
        eeg=data["eeg"].values.astype(np.float32, copy=False),
        offset=data["truth_offset"].values,
        dipole=data["truth_dipole"].values,
        coefficient=data["truth_coefficient"].values,
        n_dipoles=int(data.attrs["n_dipoles"]),
        n_patches=np.count_nonzero(data["centre"].values >= 0, axis=1),
    )
