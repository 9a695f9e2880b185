"""The page with every key of the configuration, from its schema and the default configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

NOTHING = object()
PLURAL = {"number": "numbers", "integer": "whole numbers", "string": "texts", "null": "null"}
SINGULAR = {
    "number": "number",
    "integer": "whole number",
    "string": "text",
    "boolean": "true or false",
    "null": "null",
}


@dataclass(frozen=True)
class Key:
    """One key that a user sets.

    Attributes
    ----------
    path : tuple of str
        Its names from the top; ``<name>`` where the user chooses the name.
    schema : dict
        Its part of the schema, references filled in.
    default : object
        Its value in the default configuration, or ``NOTHING``.
    """

    path: tuple[str, ...]
    schema: dict[str, Any]
    default: Any


def keys(schema: dict[str, Any], default: Any) -> Iterator[Key]:
    """Yield every key below a schema, in the schema's order.

    Parameters
    ----------
    schema : dict
        The schema of the whole configuration.
    default : dict
        The default configuration.

    Yields
    ------
    Key
        One leaf.
    """
    yield from _keys(schema, schema.get("$defs", {}), default, ())


def _keys(
    part: dict[str, Any], definitions: dict[str, Any], default: Any, path: tuple[str, ...]
) -> Iterator[Key]:
    part = _filled(part, definitions)
    named = part.get("additionalProperties")
    if isinstance(named, dict):
        yield from _keys(named, definitions, NOTHING, (*path, "<name>"))
    elif "properties" in part:
        for name, below in part["properties"].items():
            value = default.get(name, NOTHING) if isinstance(default, dict) else NOTHING
            yield from _keys(below, definitions, value, (*path, name))
    else:
        yield Key(path, part, default)


def _filled(part: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a part of a schema with the references in it replaced by what they name."""
    if "$ref" in part:
        rest = {name: value for name, value in part.items() if name != "$ref"}
        part = definitions[part["$ref"].rsplit("/", 1)[1]] | rest
    filled = dict(part)
    if "items" in part:
        filled["items"] = _filled(part["items"], definitions)
    if "oneOf" in part:
        filled["oneOf"] = [_filled(choice, definitions) for choice in part["oneOf"]]
    return filled


def allowed(schema: dict[str, Any], *, plural: bool = False) -> str:
    """Return in words what a key may be.

    Parameters
    ----------
    schema : dict
        Part of the schema, references filled in.
    plural : bool
        Whether the words are about the items of a list.

    Returns
    -------
    str
        Markdown, for instance "whole number, 1 to 5".
    """
    if "enum" in schema:
        return ", ".join(f"`{_yaml(value)}`" for value in schema["enum"])
    if "oneOf" in schema:
        return " or ".join(allowed(choice) for choice in schema["oneOf"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if types == ["object"]:
        inner = schema.get("additionalProperties")
        return f"a mapping of names to {allowed(inner)}" if inner else "settings of its own kind"
    words = [_list(schema) if t == "array" else (PLURAL if plural else SINGULAR)[t] for t in types]
    return ", ".join(filter(None, [" or ".join(words), _range(schema)]))


def _list(schema: dict[str, Any]) -> str:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    items = schema.get("items", {})
    count = f"{least} " if least == most else f"at least {least} " if least > 1 else ""
    what = f"of {allowed(items)}" if "enum" in items else allowed(items, plural=True)
    return f"list of {count}{what}" if "enum" not in items else f"list {what}"


def _range(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f"{_number(low)} to {_number(high)}"
    parts = [
        (low, "at least"),
        (above, "more than"),
        (high, "at most"),
        (below, "less than"),
    ]
    return ", ".join(f"{words} {_number(value)}" for value, words in parts if value is not None)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) and abs(value) >= 10_000 else f"{value:g}"


def _yaml(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def page(schema: dict[str, Any], default: dict[str, Any]) -> str:
    """Return the page in Markdown: a chapter for each section, a row for each key.

    Parameters
    ----------
    schema : dict
        The schema of the configuration.
    default : dict
        The default configuration.

    Returns
    -------
    str
        The page.
    """
    lines = [
        "# Configuration",
        "",
        "Every key of a study, from the schema that checks it before any job runs. The defaults",
        "are those of [`config/config.yaml`](config/config.yaml), whose comments tell more.",
        "Write what you change into a file of your own:",
        "`snakemake --cores 2 --configfile mine.yaml`. `<name>` stands for a name that you choose.",
    ]
    chapter: tuple[str, ...] | None = None
    for key in keys(schema, default):
        section = key.path[:1] if len(key.path) > 1 else ("The study",)
        if section != chapter:
            chapter = section
            lines += ["", f"## {section[0]}", "", "| key | allowed | default | meaning |"]
            lines += ["|---|---|---|---|"]
        path = key.path if len(key.path) == 1 else key.path[1:]
        name = ".<wbr>".join(f"<code>{_escaped(part)}</code>" for part in path)
        value = "" if key.default is NOTHING else f"`{_yaml(key.default)}`"
        meaning = _escaped(key.schema.get("description", ""))
        cells = [f'<a id="{".".join(key.path)}"></a>{name}', allowed(key.schema), value, meaning]
        lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
