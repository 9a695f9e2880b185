"""Chunks of simulated samples as netCDF-4 files (h5netcdf), readable by xarray alone.

Dimensions: sample, channel, time, patch, boundary (sample + 1), active (all samples together).
The active dipoles of sample s are ``truth_dipole[truth_offset[s]:truth_offset[s + 1]]``, their
coefficients l beside them. Every variable carries a Fletcher-32 checksum, so that a damaged file
fails when read instead of giving wrong numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import multisource
from multisource.errors import UserError
from multisource.files import atomic
from multisource.simulation.truth import SparseTruth

VARIABLES = (
    "eeg",
    "truth_offset",
    "truth_dipole",
    "truth_coefficient",
    "centre",
    "extent_mm",
)
_COMPRESSED = ("truth_offset", "truth_dipole", "truth_coefficient", "centre", "extent_mm")


def write_chunk(path: str | Path, data: xr.Dataset, *, chunk: int = 0) -> None:
    """Write samples atomically with checksums, the chunk's number and a hash of the config.

    Parameters
    ----------
    path : str or Path
        The netCDF-4 file to write.
    data : xarray.Dataset
        Samples, as ``dataset.labelled`` returns them.
    chunk : int
        Number of the chunk in its split.
    """
    data = data.assign_attrs(
        chunk=chunk,
        config_hash=hashlib.sha256(data.attrs["config"].encode()).hexdigest()[:16],
        version=multisource.__version__,
    )
    encoding: dict[Hashable, dict[str, Any]] = {}
    for name in data.data_vars:
        # A variable without elements cannot be chunked, nor does it need a checksum.
        encoding[name] = {"fletcher32": True} if data[name].size else {}
        if name in _COMPRESSED and data[name].size:
            encoding[name] |= {"zlib": True, "complevel": 4, "shuffle": True}
        encoding[name]["_FillValue"] = None
    n = data.sizes["sample"]
    encoding["eeg"]["chunksizes"] = (min(n, 64), data.sizes["channel"], data.sizes["time"])
    with atomic(path) as part:
        data.to_netcdf(part, engine="h5netcdf", encoding=encoding)


def read_chunk(path: str | Path) -> xr.Dataset:
    """Read one chunk, whole into memory.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    xarray.Dataset
        Its samples.

    Raises
    ------
    UserError
        Naming the file, if it is missing, damaged, truncated or no chunk.
    """
    if not Path(path).is_file():
        raise UserError(f"{path}: the file does not exist")
    try:
        with xr.open_dataset(path, engine="h5netcdf") as opened:
            data = opened.load()
    except Exception as error:  # HDF5 reports damage by many exception types
        raise UserError(
            f"{path}: the file is damaged or truncated ({type(error).__name__}); remove it and "
            "run again"
        ) from error
    missing = [name for name in VARIABLES if name not in data]
    if missing:
        raise UserError(f"{path}: no chunk of samples, it lacks {', '.join(missing)}")
    try:
        SparseTruth.from_dataset(data)
    except UserError as error:
        raise UserError(
            f"{path}: the truth does not fit its samples ({error}); remove the file, run again"
        ) from error
    return data


def read_chunks(paths: Sequence[str | Path]) -> xr.Dataset:
    """Read chunks of one split, joined along the samples in the order given.

    Parameters
    ----------
    paths : sequence of str or Path
        The files.

    Returns
    -------
    xarray.Dataset
        The samples of all of them.

    Raises
    ------
    UserError
        If there is no chunk, one cannot be read, or they differ in channels, times, seed, split,
        number of dipoles or the config that made them.
    """
    parts = [read_chunk(path) for path in paths]
    if not parts:
        raise UserError("no chunk to read")
    first = parts[0]
    for path, part in zip(paths, parts, strict=True):
        for name in ("config_hash", "seed", "split", "n_dipoles"):
            if part.attrs.get(name) != first.attrs.get(name):
                raise UserError(
                    f"{path}: its {name} is {part.attrs.get(name)}, that of {paths[0]} is "
                    f"{first.attrs.get(name)}; remove the older and run again"
                )
        if not part["channel"].equals(first["channel"]) or not part["time"].equals(first["time"]):
            raise UserError(f"{path}: its channels or times differ from those of {paths[0]}")
    if len(parts) == 1:
        return first
    joined = SparseTruth.joined([SparseTruth.from_dataset(part) for part in parts]).variables()
    for name in map(str, first.data_vars):
        if name in joined:
            continue
        joined[name] = (
            first[name].dims,
            np.concatenate([part[name].values for part in parts]),
            first[name].attrs,
        )
    coords: dict[Hashable, Any] = {name: first[name] for name in first.coords if name != "sample"}
    coords["sample"] = np.concatenate([part["sample"].values for part in parts])
    attrs = {name: value for name, value in first.attrs.items() if name != "chunk"}
    return xr.Dataset(joined, coords=coords, attrs=attrs)


def sampling_rate(data: xr.Dataset) -> float:
    """Return the sampling rate of windows.

    Parameters
    ----------
    data : xarray.Dataset
        Windows with a coordinate ``time`` in s, at least two samples long.

    Returns
    -------
    float
        Sampling rate, Hz.
    """
    return 1 / float(data["time"][1] - data["time"][0])
