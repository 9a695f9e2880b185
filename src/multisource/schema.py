"""The schema of the configuration, with the names that the registries know filled in.

In the schema, ``registry: "module:REGISTRY"`` stands for ``enum`` with the registry's names, and
``sections: "module:REGISTRY"`` for one free mapping per name, whose keys the registry checks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from multisource.registry import load


def read_schema(path: Path) -> dict[str, Any]:
    """Read the JSON schema and fill in what the registries know.

    Parameters
    ----------
    path : Path
        The schema (YAML).

    Returns
    -------
    dict
        A schema without keys of its own.
    """
    # The C loader reads the same in a seventh of the time; PyYAML may have been built without it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    schema: dict[str, Any] = loader(path.read_text(encoding="utf-8")).get_single_data()
    _fill_in(schema)
    return schema


def _fill_in(part: Any) -> None:
    if isinstance(part, list):
        for item in part:
            _fill_in(item)
    if not isinstance(part, dict):
        return
    for item in part.values():
        _fill_in(item)
    if isinstance(part.get("registry"), str):
        part["enum"] = list(load(part.pop("registry")))
    if isinstance(part.get("sections"), str):
        for name in load(part.pop("sections")):
            options = {"type": "object", "description": f"options of {name}"}
            part["properties"].setdefault(name, options)
