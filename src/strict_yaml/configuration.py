"""A configuration file: keys at its top level, and no code that Snakemake would run."""

from __future__ import annotations

import os
from typing import Any

from strict_yaml.files import load_file, read_text
from strict_yaml.mistake import YamlMistake

# Set to 1 by a user who wants the code in configuration files to run.
ALLOW = "MULTISOURCE_ALLOW_YTE"
# Makes Snakemake hand a file to its template engine, which runs the Python that stands in it.
YTE = "__use_yte__"


def may_run_code(path: str | os.PathLike[str]) -> bool:
    """Say whether a file asks for Snakemake's template engine, and the user has allowed that.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    bool
        True if Snakemake has to read the file.

    Raises
    ------
    YamlMistake
        If it cannot be read, or is no text.
    """
    return os.environ.get(ALLOW) == "1" and YTE in read_text(path)


def load_configuration(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a configuration file.

    Parameters
    ----------
    path : str or path-like
        The file: YAML, or JSON where its name ends so.

    Returns
    -------
    dict of str to Any
        What it says; nothing for an empty file.

    Raises
    ------
    YamlMistake
        If it is refused.
    """
    config = load_file(path)
    if config is None:
        return {}
    if not isinstance(config, dict):
        kind = "a list" if isinstance(config, list) else "a single value"
        raise YamlMistake(f"{path}: holds {kind}; write keys at its top level, as seed: 2025")
    if config.pop(YTE, False):
        raise YamlMistake(
            f"{path}: {YTE} makes Snakemake run the code that the file holds; take it out, or "
            f"allow it with {ALLOW}=1 before the command"
        )
    return config
