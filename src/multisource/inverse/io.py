"""Kernels as netCDF files."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from multisource.errors import UserError
from multisource.files import reading
from multisource.inverse.kernel import Kernel
from multisource.netcdf import read_arrays, write_arrays

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
    write_arrays(
        path,
        {
            "kernel": (("row", "channel"), np.asarray(kernel.matrix, float), {}),
            "channel": (("channel",), np.array(kernel.channels), {}),
        },
        {"orientations": kernel.orientations, "attributes": json.dumps(kernel.attributes)},
    )


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
    found, attributes = read_arrays(path, "kernel", "channel")
    if "kernel" not in found or "orientations" not in attributes:
        raise UserError(f"{path}: not a kernel file (no variable 'kernel')")
    return Kernel(
        np.asarray(found["kernel"], float),
        int(attributes["orientations"]),
        [str(name) for name in found["channel"]],
        json.loads(attributes["attributes"]),
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

    Raises
    ------
    UserError
        If the file is missing or damaged.
    """
    import mne

    with reading(path):
        return mne.read_forward_solution(path, verbose="error")


def forward_of(forward: mne.Forward, channels: Sequence[str]) -> mne.Forward:
    """Return the forward solution of some of the channels, in their own average reference.

    Parameters
    ----------
    forward : mne.Forward
        A solution of free orientation.
    channels : sequence of str
        Names, all of them among its channels.

    Returns
    -------
    mne.Forward
        Its rows are in the order of ``channels``; itself where these are all it has.
    """
    import mne

    if list(channels) == forward["sol"]["row_names"]:
        return forward
    chosen = mne.pick_channels_forward(forward, list(channels), ordered=True, verbose="error")
    for part in (chosen["sol"]["data"], chosen["_orig_sol"]):
        part -= part.mean(axis=0)
    return chosen
