"""Estimated maps as netCDF files, one per scenario and method; metrics as parquet files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from multisource.errors import UserError
from multisource.files import atomic, reading
from multisource.netcdf import Variable, read_arrays, variable_names, write_arrays

# Most steps write and read maps only, in less time than this import takes.
if TYPE_CHECKING:
    import pandas as pd

_ROWS = 64  # maps that are stored, and read, together


def write_estimates(
    path: str | os.PathLike[str],
    maps: np.ndarray,
    *,
    scenario: str,
    method: str,
    coefficients: np.ndarray | None = None,
    more: Mapping[str, Variable] | None = None,
    **attributes: Any,
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
    coefficients : ndarray of shape (S, N), optional
        Expected coefficients l of a method that tells them from P(active), which are its maps.
        They are written as ``coefficient (sample, dipole)``.
    more : mapping of str to tuple, optional
        What else the method says of the windows: name to dimensions, the first of them ``sample``,
        values and attributes.
    **attributes : Any
        Further attributes of the file.

    Raises
    ------
    UserError
        If the coefficients have another shape than the maps.
    """
    named = {"estimate": (maps, "estimated activity")}
    if coefficients is not None:
        if np.shape(coefficients) != np.shape(maps):
            raise UserError(
                f"coefficients: shape {np.shape(coefficients)}; the maps have {np.shape(maps)}"
            )
        named["coefficient"] = (coefficients, "expected coefficient l")
    variables: dict[str, Variable] = {
        name: (
            ("sample", "dipole"),
            np.asarray(values, np.float32),
            {"long_name": text, "units": "1"},
        )
        for name, (values, text) in named.items()
    }
    attributes |= {"scenario": scenario, "method": method}
    write_arrays(path, variables | dict(more or {}), attributes, rows=_ROWS)


def read_estimates(path: str | os.PathLike[str]) -> np.ndarray:
    """Read maps.

    Parameters
    ----------
    path : str or path-like
        A file of :func:`write_estimates`.

    Returns
    -------
    ndarray of shape (S, N)
        Maps, float32.

    Raises
    ------
    UserError
        If the file holds no estimates.
    """
    found, _ = read_arrays(path, "estimate")
    if "estimate" not in found:
        raise UserError(f"{path}: not an estimates file (no variable 'estimate')")
    return found["estimate"]


def read_coefficients(path: str | os.PathLike[str]) -> np.ndarray | None:
    """Read the expected coefficients of a method that has them.

    Parameters
    ----------
    path : str or path-like
        A file of :func:`write_estimates`.

    Returns
    -------
    ndarray of shape (S, N) or None
        Coefficients, float32; None if the method has its maps only.
    """
    return read_arrays(path, "coefficient")[0].get("coefficient")


def tells_probability(path: str | os.PathLike[str]) -> bool:
    """Whether the maps of a file are P(active): those of a method that has coefficients besides.

    Parameters
    ----------
    path : str or path-like
        A file of :func:`write_estimates`.

    Returns
    -------
    bool
        Whether it holds coefficients.
    """
    return "coefficient" in variable_names(path)


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

    Raises
    ------
    UserError
        If a file is missing or damaged.
    """
    import pandas as pd

    frames = []
    for path in paths:
        with reading(path):
            frames.append(pd.read_parquet(path))
    return pd.concat(frames, ignore_index=True)
