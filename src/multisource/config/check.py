"""The study's configuration: checked whole, before any job runs.

Every mistake gets one line that names the key, its value and what is allowed, all at once. The
schema (``workflow/schemas/config.schema.yaml``) says what a value may be; the stages say what
their options may be; the rest is names that must refer to something, and files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from multisource.config.curves import check_curve_channels, check_curves
from multisource.config.files import check_files
from multisource.config.found import Found
from multisource.config.names import check_names
from multisource.config.plain import plain_values
from multisource.config.recordings import study_channels
from multisource.config.schema import check_schema
from multisource.config.settings import check_settings
from multisource.config.sizes import check_sizes
from multisource.errors import refuse


def check_config(config: Mapping[str, Any], *, schema: Path, folders: Iterable[Path]) -> None:
    """Refuse a configuration that cannot be computed.

    Parameters
    ----------
    config : mapping
        The merged configuration.
    schema : Path
        The JSON schema (YAML).
    folders : iterable of Path
        Where relative file names are looked for, in this order.

    Raises
    ------
    UserError
        With one line for each mistake.
    """
    plain, found = check_values(config, schema=schema)
    places = list(folders)
    check_files(plain, places, found, schema=schema)
    check_curve_channels(plain, found, study_channels(plain, places, found))
    refuse(f"config: {line}" for line in found.lines)


def check_values(config: Mapping[str, Any], *, schema: Path) -> tuple[Any, Found]:
    """Check what can be checked without opening a file that the configuration names.

    Parameters
    ----------
    config : mapping
        As for :func:`check_config`.
    schema : Path
        As for :func:`check_config`.

    Returns
    -------
    plain : Any
        The configuration in plain values.
    found : Found
        Its mistakes.
    """
    found = Found()
    plain = plain_values(config, found)
    check_schema(plain, schema, found)
    check_settings(plain, found)
    check_names(plain, found)
    check_curves(plain, found)
    check_sizes(plain, found)
    return plain, found
