"""The windows of a curve's point."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multisource.errors import UserError
from multisource.simulation.samples import Simulator, simulate_samples

if TYPE_CHECKING:
    import xarray as xr

_AT_ONCE = 5000
_MOST = 1_000_000  # samples that are looked at for windows of a distance
TOLERANCE_MM = 5.0


def point_windows(
    simulator: Simulator,
    setting: str,
    value: float | str | None,
    samples: int,
    *,
    positions: np.ndarray,
    depth: str | os.PathLike[str] | None = None,
    channels: Sequence[str] | None = None,
) -> xr.Dataset:
    """Return the windows of a point, as methods are given them.

    Parameters
    ----------
    simulator : Simulator
        With the point's settings.
    setting : str
        What changes in the curve.
    value : float, str or None
        What it is at the point.
    samples : int
        How many windows.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    depth : path-like, optional
        Table of the dipoles with the column ``depth_mm``, for a curve of that.
    channels : sequence of str, optional
        Names of the channels, all by default.

    Returns
    -------
    xarray.Dataset
        The samples.

    Raises
    ------
    UserError
        If there are too few of the distance or depth.
    ValueError
        If the table is missing.
    """
    if setting == "distance_mm" and value is not None:
        indices = windows_apart(simulator, positions, samples, float(value))
    elif setting == "depth_mm" and value is not None:
        if not depth:
            raise ValueError("depth: a curve of the depth needs the table of the dipoles' depths")
        below = pd.read_csv(depth)["depth_mm"].to_numpy()
        indices = windows_deep(simulator, below, samples, float(value))
    else:
        indices = np.arange(samples)
    reference = str(value) if setting == "reference" else "average"
    windows = simulate_samples(simulator, indices.tolist())
    return given_to_methods(windows, channels=channels, reference=reference)


def windows_apart(
    simulator: Simulator, positions: np.ndarray, samples: int, distance_mm: float
) -> np.ndarray:
    """Find the first samples whose two centres are so far apart.

    Parameters
    ----------
    simulator : Simulator
        Of two patches in each sample.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    samples : int
        How many are wanted.
    distance_mm : float
        Distance of the centres; within ``TOLERANCE_MM`` of it.

    Returns
    -------
    ndarray of shape (samples,)
        Numbers of the samples.

    Raises
    ------
    UserError
        If there are too few.
    """

    def far(centre: np.ndarray) -> np.ndarray:
        apart = np.linalg.norm(positions[centre[:, 0]] - positions[centre[:, 1]], axis=1)
        return np.abs(apart - distance_mm) <= TOLERANCE_MM

    return _search(simulator, samples, far, f"distance_mm: {distance_mm:g}")


def windows_deep(
    simulator: Simulator, depth: np.ndarray, samples: int, depth_mm: float
) -> np.ndarray:
    """Find the first samples whose centre is so deep.

    Parameters
    ----------
    simulator : Simulator
        Of one patch in each sample.
    depth : ndarray of shape (N,)
        Of the dipoles below the inner skull, mm.
    samples : int
        How many are wanted.
    depth_mm : float
        Depth of the centre; within ``TOLERANCE_MM`` of it.

    Returns
    -------
    ndarray of shape (samples,)
        Numbers of the samples.

    Raises
    ------
    UserError
        If there are too few.
    """

    def deep(centre: np.ndarray) -> np.ndarray:
        return np.abs(depth[centre[:, 0]] - depth_mm) <= TOLERANCE_MM

    return _search(simulator, samples, deep, f"depth_mm: {depth_mm:g}")


def given_to_methods(
    windows: xr.Dataset, *, channels: Sequence[str] | None = None, reference: str = "average"
) -> xr.Dataset:
    """Return windows as methods are given them: of some channels, in some reference.

    Parameters
    ----------
    windows : xarray.Dataset
        Samples in average reference.
    channels : sequence of str, optional
        Names of the channels, all by default.
    reference : str
        ``average``, of these channels; or the name of one of them, which becomes zero.

    Returns
    -------
    xarray.Dataset
        The samples.
    """
    if channels is not None:
        windows = windows.sel(channel=list(channels))
    eeg = windows["eeg"]
    if reference != "average":
        return windows.assign(eeg=eeg - eeg.sel(channel=reference, drop=True))
    return windows if channels is None else windows.assign(eeg=eeg - eeg.mean("channel"))


def _search(
    simulator: Simulator,
    samples: int,
    wanted: Callable[[np.ndarray], np.ndarray],
    words: str,
) -> np.ndarray:
    """Return the first samples whose centres (S, P) are wanted."""
    found: list[np.ndarray] = []
    for start in range(0, _MOST, _AT_ONCE):
        indices = np.arange(start, start + _AT_ONCE)
        centre = simulator.patches(indices.astype(np.uint64)).truth.centre
        found.append(indices[wanted(centre)])
        if sum(map(len, found)) >= samples:
            return np.concatenate(found)[:samples]
    raise UserError(
        f"{words}; {sum(map(len, found))} of {_MOST} samples are such, {samples} are wanted: name "
        "another value or fewer samples"
    )
