"""Configuration read strictly, in the place of Snakemake's own reading.

Snakemake reads the files of ``--configfile`` and the pairs of ``--config`` before the Snakefile, in
a way that keeps the last of two equal keys, makes dates and truth values of words, builds objects
for Python's tags, expands aliases without end and, where ``__use_yte__`` stands, runs code that
the file holds. A plugin is what it imports before that. Every job reads the files again, and so
does so with this module.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from snakemake import cli
from snakemake.common import configfile
from snakemake.settings import types
from snakemake.utils import update_config

from strict_yaml import YamlMistake, load_configuration, load_text, may_run_code

_KEY = re.compile(r"[a-zA-Z_][\w-]*\w$")  # Snakemake's rule for --config

_load_configfile = configfile.load_configfile
_parse_config = cli.parse_config


def install() -> None:
    """Let Snakemake read configurations with the functions of this module."""
    for module in (configfile, types):
        vars(module)["load_configfile"] = load_configfile
    vars(cli)["parse_config"] = parse_config


def load_configfile(path: str | Path) -> dict[str, Any]:
    """Read a configuration file; one that is empty changes nothing.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    dict
        What it says.

    Raises
    ------
    SystemExit
        With one line if it is refused.
    """
    if not os.path.exists(path):
        sys.exit(f"config: {missing_file(sys.argv[1:], str(path))}")
    try:
        return _load_configfile(path) if may_run_code(path) else load_configuration(path)
    except YamlMistake as error:
        sys.exit(f"config: {error}")


def parse_config(entries: Iterable[str] | None) -> dict[str, Any]:
    """Read the pairs of ``--config``; sections and lists as configuration files are read.

    Parameters
    ----------
    entries : iterable of str, optional
        Pairs ``name=value``.

    Returns
    -------
    dict
        What they say together.

    Raises
    ------
    SystemExit
        With one line if one is refused.
    """
    config: dict[str, Any] = {}
    for entry in entries or ():
        name, equals, text = entry.partition("=")
        if not equals:
            sys.exit(f"config: --config {entry}: no value; write --config {entry}=<value>")
        if "." in name and all(name.split(".")):
            section, *below = name.split(".")
            inside = text
            for key in reversed(below):
                inside = f"{{{key}: {inside}}}"
            sys.exit(f"config: --config {entry}: write it --config '{section}={inside}'")
        if not _KEY.match(name):
            sys.exit(f"config: --config {entry}: unknown key {name!r}; write --config seed=1")
        if text.lstrip()[:1] in ("{", "["):
            try:
                update_config(config, {name: load_text(text, f"--config {name}")})
            except YamlMistake as error:
                sys.exit(f"config: {error}")
        else:
            update_config(config, _parse_config([entry]))
    return config


def missing_file(words: list[str], name: str) -> str:
    """Say that a configuration file does not exist, and what to write where it is a target.

    Every word after ``--configfile`` up to the next option is a file to Snakemake.

    Parameters
    ----------
    words : list of str
        The command line after its first word.
    name : str
        The file.

    Returns
    -------
    str
        A line for the user.
    """
    line = f"file {name!r} does not exist"
    for place, word in enumerate(words):
        if word not in ("--configfile", "--configfiles"):
            continue
        files = []
        for file in words[place + 1 :]:
            if file.startswith("-"):
                break
            files.append(file)
        if name in files:
            good = " ".join(file for file in files if os.path.exists(file)) or "<file>"
            return (
                f"{line}. If it is a target, write it after '--': "
                f"snakemake ... --configfile {good} -- {name}"
            )
    return line
