"""Data inside the wheels of other packages: found without importing them, which takes seconds."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def package_data(package: str, *parts: str) -> Path:
    """Return the path of a file or folder of an installed package.

    Parameters
    ----------
    package : str
        Name of the package.
    *parts : str
        Folders and name below it.

    Returns
    -------
    Path
        The path.

    Raises
    ------
    ModuleNotFoundError
        If the package is not installed.
    """
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed; the head is made from its data")
    return Path(found.origin).parent.joinpath(*parts)
