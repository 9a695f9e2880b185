"""The ground truth as the metrics need it: active dipoles and patch centres of every window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr


@dataclass(frozen=True)
class Truth:
    """Sparse truth of S windows.

    offset: (S + 1,); the active dipoles of window s are ``dipole[offset[s]:offset[s + 1]]``.
    coefficient: the coefficients l beside ``dipole``, in [0, 1]; active means l > 0.
    centre: (S, P) dipole index of each patch's centre, -1 where there is no patch.
    n_dipoles: N.
    """

    offset: np.ndarray
    dipole: np.ndarray
    coefficient: np.ndarray
    centre: np.ndarray
    n_dipoles: int

    def __len__(self) -> int:
        return len(self.offset) - 1

    def active(self, sample: int) -> np.ndarray:
        """Indices of the active dipoles of a window."""
        part = slice(self.offset[sample], self.offset[sample + 1])
        return self.dipole[part][self.coefficient[part] > 0]

    def centres(self, sample: int) -> np.ndarray:
        """Indices of the patch centres of a window, in the order of the patches."""
        return self.centre[sample][self.centre[sample] >= 0]

    @classmethod
    def from_dataset(cls, dataset: xr.Dataset) -> Truth:
        """Truth of simulated chunks (``simulation.chunks.read_chunks``)."""
        names = ("truth_offset", "truth_dipole", "truth_coefficient", "centre")
        values = [np.asarray(dataset[name].values) for name in names]
        return cls(*values, n_dipoles=int(dataset.attrs["n_dipoles"]))

    @classmethod
    def from_dense(cls, coefficients: np.ndarray, centre: np.ndarray) -> Truth:
        """Truth from dense maps (S, N) and centres (S, P)."""
        row, dipole = np.nonzero(coefficients)
        offset = np.searchsorted(row, np.arange(len(coefficients) + 1))
        return cls(
            offset, dipole, coefficients[row, dipole], np.asarray(centre), coefficients.shape[1]
        )
