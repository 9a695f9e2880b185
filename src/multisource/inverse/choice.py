"""The options of a solver that were chosen on validation windows."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from multisource.errors import UserError


def with_choice(settings: Mapping[str, Any], path: str | os.PathLike[str] | None) -> dict[str, Any]:
    """Return the settings of a solver with the options that were chosen.

    Parameters
    ----------
    settings : mapping
        As the configuration has them.
    path : str, path-like or None
        ``inverse/<solver>-choice.json``; nothing for a solver without a grid.

    Returns
    -------
    dict
        The chosen options go before.

    Raises
    ------
    UserError
        If the file is damaged.
    """
    return dict(settings) | (read_choice(path)["chosen"] if path else {})


def read_choice(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what was tried and chosen.

    Parameters
    ----------
    path : str or path-like
        A file of the rule ``tune_solver``.

    Returns
    -------
    dict
        As ``tuning.grid.choose`` returns it.

    Raises
    ------
    UserError
        If the file is missing or damaged.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(found["chosen"], dict):
            raise ValueError("no options")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: damaged ({error}); delete it and run again") from error
    return dict(found)


def choice_name(path: str | os.PathLike[str]) -> str:
    """Return the solver of a file.

    Parameters
    ----------
    path : str or path-like
        ``inverse/<solver>-choice.json``.

    Returns
    -------
    str
        Its name.
    """
    return Path(path).name.removesuffix("-choice.json")
