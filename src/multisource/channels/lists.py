"""Which channels a study has: a list of names, or a table that says which are used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from multisource.channels.table import read_table
from multisource.errors import UserError


def channel_names(channels: str | Path | Sequence[str]) -> list[str]:
    """Return the study's channels.

    Parameters
    ----------
    channels : path or sequence of str
        Names, or a table that :func:`read_channel_list` understands.

    Returns
    -------
    list of str
        Channel names.
    """
    return read_channel_list(channels) if isinstance(channels, str | Path) else list(channels)


def read_channel_list(path: str | Path) -> list[str]:
    """Read the channel names in use from a table.

    Parameters
    ----------
    path : path
        Table with columns name and (optional) used (yes or no).

    Returns
    -------
    list of str
        Channel names.

    Raises
    ------
    UserError
        When the file is missing, has no name column, or a value of used is neither.
    """
    rows = read_table(path, ["name"])
    for row in rows:
        if row.get("used", "yes") not in ("yes", "no"):
            raise UserError(f"{path}: used is {row['used']!r} for {row['name']}; use yes or no")
    return [row["name"] for row in rows if row.get("used", "yes") == "yes"]
