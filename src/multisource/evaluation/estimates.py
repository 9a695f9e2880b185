"""Estimated maps as netCDF files, one per scenario and method; metrics as parquet files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from multisource.errors import UserError
from multisource.files import atomic


def write_estimates(
    path: str | os.PathLike[str], maps: np.ndarray, *, scenario: str, method: str, **attributes: Any
) -> None:
    """Write maps as netCDF.

    Parameters
    ----------
    path : str or path-like
        The output: ``estimate (sample, dipole)`` float32 with a checksum.
    maps : ndarray of shape (S, N)
        Estimates of the S windows.
    scenario : str
        Name of the scenario, kept as an attribute.
    method : str
        Name of the method, kept as an attribute.
    **attributes : Any
        Further attributes of the file.
    """
    maps = np.asarray(maps, np.float32)
    variable = (("sample", "dipole"), maps, {"long_name": "estimated activity", "units": "1"})
    attributes |= {"scenario": scenario, "method": method}
    dataset = xr.Dataset({"estimate": variable}, attrs=attributes)
    encoding = {"estimate": {"fletcher32": True, "chunksizes": (min(64, len(maps)), maps.shape[1])}}
    with atomic(path) as part:
        dataset.to_netcdf(part, engine="h5netcdf", encoding=encoding)


def read_estimates(path: str | os.PathLike[str]) -> xr.DataArray:
    """Read maps.

    Parameters
    ----------
    path : str or path-like
        A file of :func:`write_estimates`.

    Returns
    -------
    xarray.DataArray
        Maps (sample, dipole) with the attributes of the file.

    Raises
    ------
    UserError
        If the file holds no estimates.
    """
    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        if "estimate" not in dataset:
            raise UserError(f"{path}: not an estimates file (no variable 'estimate')")
        return dataset["estimate"].load().assign_attrs(dataset.attrs)


def write_metrics(
    path: str | os.PathLike[str], metrics: pd.DataFrame, *, scenario: str, method: str
) -> None:
    """Write the metrics of one method on one scenario as parquet.

    Parameters
    ----------
    path : str or path-like
        The output.
    metrics : pandas.DataFrame
        One row per window, of ``metrics.evaluate``.
    scenario : str
        Name of the scenario, the first column.
    method : str
        Name of the method, the second column.
    """
    frame = metrics.copy()
    frame.insert(0, "method", method)
    frame.insert(0, "scenario", scenario)
    with atomic(path) as part:
        frame.to_parquet(part, index=False)


def read_metrics(paths: Sequence[str | os.PathLike[str]]) -> pd.DataFrame:
    """Read the metrics of several files.

    Parameters
    ----------
    paths : sequence of str or path-like
        Files of :func:`write_metrics`.

    Returns
    -------
    pandas.DataFrame
        One tidy table, the files' rows in their order.
    """
    return pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
