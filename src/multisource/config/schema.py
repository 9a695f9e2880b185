"""The schema of the configuration, and its complaints in words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from multisource.config.found import Found
from multisource.config.plain import YES_NO
from multisource.config.suggest import suggest
from multisource.schema import read_schema

_TYPES = {
    "object": "a mapping (key: value)",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


def check_schema(plain: Any, schema: Path, found: Found) -> None:
    """Add what the schema does not allow to ``found``.

    Parameters
    ----------
    plain : Any
        The configuration in plain values.
    schema : Path
        The JSON schema (YAML).
    found : Found
        Gets the mistakes.
    """
    for error in sorted(_validator(schema).iter_errors(plain), key=_order):
        # Of a choice between alternatives the most specific complaint helps, not "matches none".
        if error.context:
            error = min(error.context, key=lambda e: (-len(e.absolute_path), e.validator == "type"))
        place = tuple(map(str, error.absolute_path))
        if error.validator == "additionalProperties":
            known = error.schema.get("properties", {})
            for name in error.instance:
                if name not in known:
                    key = ".".join((*place, name))
                    found.add((*place, name), f"unknown key {key!r}: {suggest(name, known)}")
        elif error.validator == "required":
            for name in error.validator_value:
                if name not in error.instance:
                    where = ".".join(place) or "top level"
                    found.add((*place, name), f"{where}: missing key {name!r}")
        else:
            found.add(place, _explain(error))


def _order(error: ValidationError) -> list[str]:
    return list(map(str, error.absolute_path))


@cache
def _validator(schema: Path) -> Draft202012Validator:
    # JSON Schema takes 30.0 for an integer; a job would not.
    checker = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    kind = extend(Draft202012Validator, {"pattern": _pattern}, type_checker=checker)
    return kind(read_schema(schema))


def _pattern(
    validator: Any, pattern: str, instance: object, schema: object
) -> Iterator[ValidationError]:
    """Match as ECMAScript does, where ``$`` is the end and not before a last line break."""
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield ValidationError(f"does not match {pattern}")


def _explain(error: ValidationError) -> str:
    key = ".".join(str(part) for part in error.absolute_path) or "top level"
    instance: Any = error.instance
    limit: Any = error.validator_value
    value = json.dumps(instance)
    value = value if len(value) < 80 else value[:77] + "..."
    if error.validator == "enum":
        return f"{key}: {value}: {suggest(str(instance), map(str, limit))}"
    if error.validator == "uniqueItems":
        twice = sorted({str(v) for v in instance if instance.count(v) > 1})
        return f"{key}: {', '.join(twice)} stands more than once; name each once"
    if error.validator == "type":
        words = "needs " + _types(error.validator_value) + _type_hint(error)
    else:
        words = _limit(error)
    schema: Any = error.schema
    described = isinstance(schema, dict) and "description" in schema
    return f"{key}: {value} {words}" + (f" ({schema['description']})" if described else "")


def _limit(error: ValidationError) -> str:
    """Say what a value that has the right type must be."""
    return {
        "minimum": f"must be at least {error.validator_value}",
        "maximum": f"must be at most {error.validator_value}",
        "exclusiveMinimum": f"must be greater than {error.validator_value}",
        "exclusiveMaximum": f"must be less than {error.validator_value}",
        "minItems": f"needs at least {error.validator_value} entries",
        "maxItems": f"takes at most {error.validator_value} entries",
        "minLength": "is empty",
        "maxLength": f"is longer than {error.validator_value} letters",
        "pattern": f"must match {error.validator_value}",
    }.get(str(error.validator), error.message)


def _types(kinds: Any) -> str:
    listed = kinds if isinstance(kinds, list) else [kinds]
    return " or ".join(_TYPES.get(str(kind), str(kind)) for kind in listed)


def _type_hint(error: ValidationError) -> str:
    """Say how to write what was probably meant."""
    value: Any = error.instance
    kinds: Any = error.validator_value
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if isinstance(value, bool) and "string" in kinds:
        return f"; {YES_NO}"
    if value is None:
        return "; leave the key out to keep what is set elsewhere"
    if isinstance(value, str) and value.count(",") == 1:
        value = value.replace(",", ".")  # a decimal comma
    if not {"integer", "number"} & set(kinds) or isinstance(value, bool):
        return ""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return ""
    if not math.isfinite(number):
        return ""
    meant = _yaml_number(number) if "number" in kinds else f"{number:.0f}"
    if "number" not in kinds and not number.is_integer():
        return ""
    text = f"YAML reads {error.instance} as text: " if isinstance(value, str) else ""
    return f"; {text}write {meant}"


def _yaml_number(number: float) -> str:
    """Write a number as YAML 1.1 reads it: 1.0e-08, not 1e-08."""
    text = repr(number)
    mantissa, e, exponent = text.partition("e")
    return text if not e or "." in mantissa else f"{mantissa}.0e{exponent}"
