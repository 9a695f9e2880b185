"""Lines about files and folders that the configuration names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from multisource.config.study import no_file, places_of
from multisource.errors import UserError

Mistakes: TypeAlias = Iterator[tuple[str, str]]  # dotted key, line


def lines_of(key: str, error: UserError) -> Mistakes:
    """Say under which key an error was found.

    Parameters
    ----------
    key : str
        The dotted key.
    error : UserError
        One mistake a line.

    Yields
    ------
    tuple of str
        A key for each line, and the line with the key in front.
    """
    for number, line in enumerate(str(error).splitlines()):
        known = line.startswith((f"{key}:", f"{key}."))
        yield f"{key}.{number}", line if known else f"{key}: {line}"


def missing(key: str, name: str, folders: Iterable[Path]) -> Mistakes:
    """Say that a file which a key names is nowhere.

    Parameters
    ----------
    key, name, folders : str, str, iterable of Path
        As for :func:`multisource.config.study.no_file`.

    Yields
    ------
    tuple of str
        The key and the line.
    """
    yield key, no_file(key, name, folders)


def existing_folder(key: str, name: str, folders: Iterable[Path]) -> Path:
    """Return the folder that a key names.

    Parameters
    ----------
    key : str
        The dotted key.
    name : str
        An absolute name, or one relative to a folder; ``~`` stands for the user's home.
    folders : iterable of Path
        Where relative names are looked for, in this order.

    Returns
    -------
    Path
        The first that exists.

    Raises
    ------
    UserError
        If it is in none of the folders.
    """
    folders = list(folders)
    found = next((path for path in places_of(name, folders) if path.is_dir()), None)
    if found is None:
        raise UserError(no_file(key, name, folders).replace("file", "folder", 1))
    return found
