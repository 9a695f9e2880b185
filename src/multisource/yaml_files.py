"""Tables that users write in YAML, read strictly."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from multisource.errors import UserError, refuse
from strict_yaml import YamlMistake, load_configuration, load_file, may_run_code


def read_mapping(path: str | os.PathLike[str], what: str) -> dict[str, Any]:
    """Read a file that holds a mapping.

    Parameters
    ----------
    path : str or path-like
        The file.
    what : str
        What its keys name, as messages call it: ``scenario``.

    Returns
    -------
    dict of str to Any
        What it holds: dict with text as keys, list, str, int, finite float, bool and None.

    Raises
    ------
    UserError
        If it cannot be read, is no YAML or no mapping, is empty, or says something that is not
        what it looks like (a key twice, a date, yes and no).
    """
    try:
        content = load_file(path)
    except YamlMistake as error:
        raise UserError(str(error)) from None
    if not content:
        raise UserError(f"{path}: holds no {what}; name one at least")
    if not isinstance(content, dict):
        raise UserError(f"{path}: not a mapping (name: ...) of {what}s")
    return content


def check_files(paths: Iterable[str | os.PathLike[str]]) -> None:
    """Refuse configuration files that do not say what they look like.

    Parameters
    ----------
    paths : iterable of str or path-like
        Files of YAML or JSON.

    Raises
    ------
    UserError
        With one line for each file that is refused.
    """
    lines = []
    for path in dict.fromkeys(map(str, paths)):
        try:
            if not may_run_code(path):
                load_configuration(path)
        except YamlMistake as error:
            lines.append(f"config: {error}")
    refuse(lines)
