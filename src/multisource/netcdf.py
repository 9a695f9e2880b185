"""NetCDF-4 files as arrays, without xarray: opening one so takes a tenth of the time.

Most steps need a few arrays of a file and no labels. Loading xarray and pandas, and xarray's look
at every dimension of every variable, took longer than such a step's own work.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import h5netcdf
import h5py
import numpy as np

from multisource.files import atomic, reading

# Dimensions of a variable, its values, its attributes.
Variable = tuple[tuple[str, ...], np.ndarray, Mapping[str, Any]]


def read_arrays(
    path: str | os.PathLike[str], *names: str
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read variables of a file.

    Parameters
    ----------
    path : str or path-like
        The file.
    *names : str
        Variables.

    Returns
    -------
    arrays : dict of str to ndarray
        Those that the file has; text as an array of objects ``str``.
    attributes : dict
        Of the file.

    Raises
    ------
    UserError
        If the file is missing or damaged: a variable with a checksum, such as Fletcher-32, is
        checked.
    """
    arrays = {}
    with reading(path), h5py.File(path) as file:
        for name in names:
            if name in file:
                found = file[name]
                text = h5py.check_string_dtype(found.dtype) is not None
                arrays[name] = found.asstr()[()] if text else found[()]
        attributes = {name: _scalar(file.attrs[name]) for name in file.attrs}
    return arrays, attributes


def variable_names(path: str | os.PathLike[str]) -> list[str]:
    """Return the names of a file's variables.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    list of str
        Names, coordinates included.

    Raises
    ------
    UserError
        If the file is missing or damaged.
    """
    with reading(path), h5py.File(path) as file:
        return list(file)


def write_arrays(
    path: str | os.PathLike[str],
    variables: Mapping[str, Variable],
    attributes: Mapping[str, Any],
    *,
    rows: int | None = None,
) -> None:
    """Write variables with Fletcher-32 checksums; the file is whole or not there.

    Parameters
    ----------
    path : str or path-like
        The output.
    variables : mapping of str to tuple
        Name to dimensions, values and attributes. One whose name is its dimension's is the
        coordinate of that dimension; text is allowed there.
    attributes : mapping
        Of the file.
    rows : int, optional
        Rows (first dimension) that are stored, and read, together; HDF5's choice by default.
    """
    with atomic(path) as part, h5netcdf.File(part, "w") as file:
        for dimensions, values, _ in variables.values():
            for name, size in zip(dimensions, np.shape(values), strict=True):
                if name not in file.dimensions:
                    file.dimensions[name] = size
        for name, (dimensions, values, said) in variables.items():
            text = np.asarray(values).dtype.kind in "UO"
            chunks = rows and (min(rows, len(values)), *np.shape(values)[1:])
            variable = file.create_variable(
                name,
                dimensions,
                dtype=h5py.string_dtype() if text else None,
                data=np.asarray(values, object) if text else values,
                fletcher32=not text,
                chunks=None if text else chunks,
            )
            variable.attrs.update(said)
        file.attrs.update(attributes)


def _scalar(value: Any) -> Any:
    """Return the number of an array of one: netCDF keeps numbers so."""
    return value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
