"""Kernels as netCDF files."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from multisource.errors import UserError
from multisource.files import atomic
from multisource.inverse.kernel import Kernel

if TYPE_CHECKING:
    import mne


def write_kernel(path: str | os.PathLike[str], kernel: Kernel) -> None:
    """Write a kernel as netCDF.

    Parameters
    ----------
    path : str or path-like
        The output: variable ``kernel (row, channel)`` float64, the options as attributes.
    kernel : Kernel
        What is written.
    """
    dataset = xr.Dataset(
        {"kernel": (("row", "channel"), kernel.matrix)},
        coords={"channel": kernel.channels},
        attrs={"orientations": kernel.orientations, "attributes": json.dumps(kernel.attributes)},
    )
    with atomic(path) as part:
        dataset.to_netcdf(part, engine="h5netcdf", encoding={"kernel": {"fletcher32": True}})


def read_kernel(path: str | os.PathLike[str]) -> Kernel:
    """Read a kernel.

    Parameters
    ----------
    path : str or path-like
        A file of :func:`write_kernel`.

    Returns
    -------
    Kernel
        The kernel, float64.

    Raises
    ------
    UserError
        If the file is no kernel.
    """
    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        if "kernel" not in dataset or "orientations" not in dataset.attrs:
            raise UserError(f"{path}: not a kernel file (no variable 'kernel')")
        return Kernel(
            np.asarray(dataset["kernel"].values, float),
            int(dataset.attrs["orientations"]),
            [str(name) for name in dataset["channel"].values],
            json.loads(dataset.attrs["attributes"]),
        )


def read_forward(path: str | os.PathLike[str]) -> mne.Forward:
    """Read a forward solution.

    Parameters
    ----------
    path : str or path-like
        A file ``*-fwd.fif``.

    Returns
    -------
    mne.Forward
        The solution.
    """
    import mne

    return mne.read_forward_solution(path, verbose="error")
