"""The default configuration with one change, and what the check says about it."""

import copy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from multisource.config.check import check_config
from multisource.errors import UserError

REPOSITORY = Path(__file__).parents[2]
SCHEMA = REPOSITORY / "workflow/schemas/config.schema.yaml"


@cache
def _default() -> dict:
    return yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())


def default() -> dict:
    return copy.deepcopy(_default())


def changed(key: str, value: Any) -> dict:
    """The default configuration with one value replaced; in a list, the item of that number."""
    config = leaf = default()
    *path, last = key.split(".")
    for part in path:
        leaf = leaf[int(part)] if isinstance(leaf, list) else leaf[part]
    leaf[int(last) if isinstance(leaf, list) else last] = value
    return config


def mistakes(config: dict, *folders: Path) -> list[str]:
    """The lines with which a configuration is refused; none if it is not."""
    try:
        check_config(config, schema=SCHEMA, folders=[*folders, REPOSITORY])
    except UserError as error:
        return str(error).splitlines()
    return []
