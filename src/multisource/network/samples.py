"""Windows of EEG with their truth kept sparse: a map of 8196 values is made only for a batch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from multisource.errors import UserError
from multisource.simulation.truth import SparseTruth

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr


@dataclass(frozen=True)
class Windows:
    """Samples of one split.

    Attributes
    ----------
    eeg : ndarray of float32, shape (S, E, T)
        EEG, V.
    truth : SparseTruth
        Their active dipoles.

    Raises
    ------
    UserError
        If the two do not fit each other, or a value of the EEG is not finite.
    """

    eeg: np.ndarray
    truth: SparseTruth

    def __post_init__(self) -> None:
        if self.eeg.ndim != 3 or len(self.eeg) == 0:
            raise UserError(f"eeg: shape {self.eeg.shape}; needs (samples, channels, times)")
        if len(self.truth) != len(self.eeg):
            raise UserError(f"truth: {len(self.truth)} windows; the EEG has {len(self.eeg)}")
        if not np.isfinite(self.eeg).all():
            raise UserError("eeg: a value is not finite; simulate the samples again")

    def __len__(self) -> int:
        return len(self.eeg)

    def first(self, count: int) -> Windows:
        """Return the first samples.

        Parameters
        ----------
        count : int
            How many.

        Returns
        -------
        Windows
            The samples.

        Raises
        ------
        UserError
            If there are fewer.
        """
        if not 1 <= count <= len(self):
            raise UserError(f"samples: {count}; there are {len(self)}")
        return Windows(self.eeg[:count], self.truth.first(count))

    def batches(self, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield all samples in order, some at a time.

        Parameters
        ----------
        size : int
            How many at a time, B.

        Yields
        ------
        eeg : ndarray of float32, shape (B, E, T)
            EEG, V.
        coefficient : ndarray of float32, shape (B, N)
            Their truth, dense.
        """
        for start in range(0, len(self), size):
            rows = np.arange(start, min(start + size, len(self)))
            yield self.eeg[rows], self.truth.dense(rows)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels E, times T and dipoles N, which a network is built for."""
        _, n_channels, n_times = self.eeg.shape
        return n_channels, n_times, self.truth.n_dipoles

    def fingerprint(self) -> str:
        """Return a hash of the content.

        A training may only go on with the samples it began with.

        Returns
        -------
        str
            32 hexadecimal digits.
        """
        digest = hashlib.blake2b(digest_size=16)
        truth = self.truth
        for array in (self.eeg, truth.offset, truth.dipole, truth.coefficient, truth.centre):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def windows_of(data: xr.Dataset) -> Windows:
    """Take the samples of a split.

    Parameters
    ----------
    data : xarray.Dataset
        As ``simulation.chunks.read_chunks`` returns it.

    Returns
    -------
    Windows
        The samples.
    """
    return Windows(
        eeg=data["eeg"].values.astype(np.float32, copy=False),
        truth=SparseTruth.from_dataset(data),
    )
