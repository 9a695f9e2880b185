"""Estimated maps as netCDF files, one a scenario and method; metrics as parquet files."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from multisource.errors import UserError
from multisource.files import atomic


def write_estimates(
    path: str | os.PathLike, maps: np.ndarray, *, scenario: str, method: str, **attributes: Any
) -> None:
    """Write maps (S, N) as ``estimate (sample, dipole)`` float32 with a checksum."""
    maps = np.asarray(maps, np.float32)
    variable = (("sample", "dipole"), maps, {"long_name": "estimated activity", "units": "1"})
    attributes |= {"scenario": scenario, "method": method}
    dataset = xr.Dataset({"estimate": variable}, attrs=attributes)
    encoding = {"estimate": {"fletcher32": True, "chunksizes": (min(64, len(maps)), maps.shape[1])}}
    with atomic(path) as part:
        dataset.to_netcdf(part, engine="h5netcdf", encoding=encoding)


def read_estimates(path: str | os.PathLike) -> xr.DataArray:
    """The maps of a file, (sample, dipole), with its attributes; UserError if it is not one."""
    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        if "estimate" not in dataset:
            raise UserError(f"{path}: not an estimates file (no variable 'estimate')")
        return dataset["estimate"].load().assign_attrs(dataset.attrs)


def write_metrics(
    path: str | os.PathLike, metrics: pd.DataFrame, *, scenario: str, method: str
) -> None:
    """Write the per-window metrics of one method on one scenario as parquet."""
    frame = metrics.copy()
    frame.insert(0, "method", method)
    frame.insert(0, "scenario", scenario)
    with atomic(path) as part:
        frame.to_parquet(part, index=False)


def read_metrics(paths: list[str | os.PathLike]) -> pd.DataFrame:
    """The metrics of several files as one tidy table."""
    return pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
