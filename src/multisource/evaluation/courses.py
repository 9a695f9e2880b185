"""Time courses of the sources that a map shows: estimated by one rule, compared with the true ones.

Most methods say nothing of time, and those that do mean different things. So the courses are those
of dipoles at the peaks of the map, fitted together to the window with the leadfield that the method
was given: they are as good as the places are. The fit is by least squares weighted with what the
rest of the cortex, active everywhere alike, and sensor noise make of the EEG; plain least squares
would prefer many places, right or wrong, that take the background in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from multisource.errors import UserError
from multisource.leadfield.forward import read_leadfield
from multisource.netcdf import read_arrays, write_arrays
from multisource.simulation.chunks import read_eeg

FilePath = str | Path
# Power of white sensor noise over the background's, at the mean channel: near the best where there
# is noise of 5 to 20 dB, at little cost where there is none.
_NOISE = 0.1


@dataclass(frozen=True)
class Courses:
    """What time courses are estimated from, and the true ones.

    Attributes
    ----------
    eeg : ndarray of shape (S, E, T)
        The windows, V.
    gain : ndarray of shape (E, N)
        Leadfield of dipoles along the normals, V/(Am): the one that the method was given.
    true : ndarray of shape (S, P, T)
        Time course of each patch, of any unit; NaN where a window has fewer patches.

    Raises
    ------
    UserError
        If they are of other windows or channels than each other.
    """

    eeg: np.ndarray
    gain: np.ndarray
    true: np.ndarray

    def __post_init__(self) -> None:
        shape = (len(self.eeg), self.eeg.shape[2])
        if (len(self.true), self.true.shape[2]) != shape or len(self.gain) != self.eeg.shape[1]:
            raise UserError(
                f"courses: windows {self.eeg.shape}, leadfield {self.gain.shape}, true courses "
                f"{self.true.shape}; they do not fit each other"
            )

    def correlations(self, window: int, peaks: np.ndarray, pairs: np.ndarray) -> np.ndarray:
        """Correlate the time courses of found sources with those of the true ones.

        Parameters
        ----------
        window : int
            Number of the window.
        peaks : ndarray of shape (K,)
            Dipoles of all sources that are said.
        pairs : ndarray of int, shape (M, 2)
            Numbers of the said and the true source of each pair.

        Returns
        -------
        ndarray of shape (M,)
            Absolute correlations: no method can know on which side of the cortex a dipole lies.
        """
        columns, eeg = self._white[1][:, peaks], self._white[0] @ self.eeg[window]
        fitted = np.linalg.lstsq(columns, eeg, rcond=None)[0][pairs[:, 0]]
        true = self.true[window]
        true = true[~np.isnan(true).any(axis=1)][pairs[:, 1]]
        one, other = (a - a.mean(axis=1, keepdims=True) for a in (fitted, true))
        size = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        product = np.abs((one * other).sum(axis=1))
        # A course of zeros resembles nothing.
        return np.divide(product, size, out=np.zeros(len(size)), where=size > 0)

    @cached_property
    def _white(self) -> tuple[np.ndarray, np.ndarray]:
        """What whitens background and noise (E, E), any reference taken out, and so the gain."""
        gain = np.asarray(self.gain, float)
        gain = gain - gain.mean(axis=0)
        variance, vectors = np.linalg.eigh(gain @ gain.T)
        white = vectors.T / np.sqrt(variance + _NOISE * variance.mean())[:, None]
        white = white - white.mean(axis=1, keepdims=True)
        return white, white @ gain


def courses_of(chunks: Sequence[FilePath], forward: FilePath, true: FilePath) -> Courses:
    """Read what time courses are estimated from.

    Parameters
    ----------
    chunks : sequence of path
        ``simulation/<scenario>/chunk-*.nc`` in their order.
    forward : path
        ``leadfield/<operator>-fwd.fif`` of the operator that the method was given.
    true : path
        ``simulation/<scenario>/courses.nc``.

    Returns
    -------
    Courses
        Of all windows.

    Raises
    ------
    UserError
        If a file is missing or damaged, or they do not fit each other.
    """
    windows = read_eeg(chunks)
    gain = read_leadfield(forward).of_channels(windows.channels).fixed
    found, _ = read_arrays(true, "course")
    if "course" not in found:
        raise UserError(f"{true}: no file of time courses; remove it, run again")
    return Courses(windows.eeg, gain, found["course"])


def write_true_courses(path: FilePath, courses: np.ndarray) -> None:
    """Write the true time courses of windows.

    Parameters
    ----------
    path : path
        The output, netCDF.
    courses : ndarray of shape (S, P, T)
        What is written, as float32.
    """
    said = {"long_name": "time course of the patch, of unit variance", "units": "1"}
    values = np.asarray(courses, np.float32)
    write_arrays(path, {"course": (("sample", "patch", "time"), values, said)}, {})
