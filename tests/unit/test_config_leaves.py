"""Every leaf of the schema has bounds, and refuses what is beyond them, naming its key.

The cases are made from the schema, so that a new leaf is tested without a line here.
"""

import copy
import math
from collections.abc import Iterator

import pytest
from config_case import SCHEMA, default

from multisource.config.check import check_values
from multisource.inverse.registry import SOLVERS, options
from multisource.registry import REQUIRED
from multisource.schema import read_schema

# A name of the user's at each place that has any.
NAMED = {
    "evaluation.curves": "mine",
    "evaluation.submissions": "mine",
    "inverse.settings": "laura",
    "inverse.settings.laura.tune": "snr",
    "leadfield.variants": "mine",
    "network.settings": "convnet",
    "recordings": "mine",
    "groups": "mine",
    "simulation.disturbances": "pop",
    "simulation.splits": "test",
    "simulation.splits.test.disturbances": "pop",
    "simulation.scenarios.disturbances": "pop",
}
# Values of leaves that the default configuration does not give.
GIVEN = {
    "recordings": {"mine": {"file": "mine.vhdr"}},
    "groups": {"mine": {"recordings": ["mine"]}},
}
# Numbers that must fit to others, or are options of another solver or network than NAMED has.
FITTING = ("tmin_s", "tmax_s", "window_s", "sfreq", "warmup_epochs", "kernel_size", "duration_s")
FITTING += ("loose", "depth", "alpha", "nodes", "budget", "epochs", "width", "stages")
# Options that laura has not, and a solver that has them.
# One that needs no further key, if there is one.
SELDOM = sorted(SOLVERS, key=lambda kind: REQUIRED not in options(kind).values())
OF_OTHERS = {option: kind for kind in SELDOM for option in options(kind)}
OF_OTHERS |= dict.fromkeys(options("patch_posterior"), "patch_posterior")
OF_OTHERS = {o: kind for o, kind in OF_OTHERS.items() if o not in options("laura")}


def filled(part: dict, definitions: dict) -> dict:
    if "$ref" in part:
        rest = {key: value for key, value in part.items() if key != "$ref"}
        part = definitions[part["$ref"].rsplit("/", 1)[1]] | rest
    return part


def leaves(part: dict, definitions: dict, path: tuple[str, ...] = ()) -> Iterator[tuple[str, dict]]:
    """Yield (dotted key, schema) of every leaf."""
    part = filled(part, definitions)
    named = part.get("additionalProperties")
    if isinstance(named, dict):
        yield from leaves(named, definitions, (*path, NAMED[".".join(path)]))
    elif "properties" in part:
        for name, below in part["properties"].items():
            yield from leaves(below, definitions, (*path, name))
    else:
        yield ".".join(path), part


def choices(schema: dict, definitions: dict) -> list[dict]:
    """The schemas of a leaf that may be one thing or another."""
    return [filled(choice, definitions) for choice in schema.get("oneOf", [schema])]


def kinds(schema: dict) -> list[str]:
    kind = schema.get("type", [])
    return kind if isinstance(kind, list) else [kind]


def beyond(schema: dict) -> Iterator[float]:
    """Yield numbers just beyond the bounds of a number."""
    step = 1 if "integer" in kinds(schema) else 1e-6
    for bound, sign in (("minimum", -1), ("maximum", 1)):
        if bound in schema:
            yield schema[bound] + sign * max(step, abs(schema[bound]) * step)
    for bound in ("exclusiveMinimum", "exclusiveMaximum"):
        if bound in schema:
            yield schema[bound]
    yield from (math.nan, math.inf, -math.inf)


def inside(schema: dict) -> float:
    """A number within the bounds of a number."""
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    return low + 1 if "integer" in kinds(schema) else (low + high) / 2


def wrong_values(schema: dict, definitions: dict) -> Iterator[object]:
    """Yield values that a leaf must refuse."""
    options = choices(schema, definitions)
    allowed = {kind for option in options for kind in kinds(option)}
    allowed |= {"string" for option in options if "enum" in option for _ in option["enum"]}
    if "null" not in allowed:
        yield None
    for value, kind in (("?!", "string"), (["?!"], "array"), ({"a": 1}, "object")):
        if kind not in allowed or any("enum" in option for option in options):
            yield value
    if "boolean" not in allowed:
        yield True
    for option in options:
        if {"number", "integer"} & set(kinds(option)):
            yield from beyond(option)
            if "number" not in kinds(option):
                yield inside(option) + 0.5
                yield float(inside(option))
        elif "string" in kinds(option):
            yield ""
        elif "array" in kinds(option):
            items = filled(option["items"], definitions)
            one = items["enum"][0] if "enum" in items else "Cz"
            if {"number", "integer"} & set(kinds(items)):
                one = inside(items)
                for value in beyond(items):
                    yield [value] * max(1, option.get("minItems", 1))
            if option.get("minItems"):
                yield [one] * (option["minItems"] - 1)
            if option.get("maxItems"):
                yield [one] * (option["maxItems"] + 1)
            if option.get("uniqueItems"):
                yield [one, one]
            yield [None] * max(1, option.get("minItems", 1))
            yield [{"a": 1}] * max(1, option.get("minItems", 1))


SCHEMA_READ = read_schema(SCHEMA)
LEAVES = dict(leaves(SCHEMA_READ, SCHEMA_READ["$defs"]))


def with_value(key: str, value: object) -> dict:
    config = default()
    config.update(copy.deepcopy(GIVEN))
    config["evaluation"]["curves"] = {"mine": {"setting": "boost", "values": [10, 5]}}
    config["simulation"]["disturbances"] = {"pop": {"chance": 0.1, "uv": [50, 200]}}
    leaf = config
    *path, last = key.split(".")
    if path[:2] == ["leadfield", "variants"] and last in ("ico", "brain"):
        config["leadfield"]["variants"] = {"mine": {"method": "bem"}}
    for part in path:
        leaf = leaf.setdefault(part, {})
    if path[:2] == ["inverse", "settings"] and last in OF_OTHERS:
        leaf.clear()
        leaf["kind"] = OF_OTHERS[last]
    leaf[last] = value
    return config


def mistakes(config: dict) -> list[str]:
    return check_values(config, schema=SCHEMA)[1].lines


def test_there_are_leaves():
    assert len(LEAVES) > 100


@pytest.mark.parametrize("key", LEAVES)
def test_a_leaf_refuses_what_is_beyond_it(key):
    values = list(wrong_values(LEAVES[key], SCHEMA_READ["$defs"]))
    assert len(values) >= 3
    for value in values:
        lines = [line for line in mistakes(with_value(key, value)) if key in line]
        assert lines, f"{key}: {value!r} is taken"
        assert all(len(line) < 400 for line in lines)


def bounded(schema: dict) -> bool:
    """Whether a leaf has finite bounds, or says all that it may be."""
    if "oneOf" in schema:
        return all(bounded(filled(o, SCHEMA_READ["$defs"])) for o in schema["oneOf"])
    if "enum" in schema or set(kinds(schema)) <= {"boolean", "null"}:
        return True
    if "array" in kinds(schema):
        return bounded(filled(schema["items"], SCHEMA_READ["$defs"]))
    if kinds(schema) == ["object"]:
        inner = [schema.get("additionalProperties"), *schema.get("properties", {}).values()]
        return all(bounded(filled(each, SCHEMA_READ["$defs"])) for each in inner if each)
    if {"number", "integer"} & set(kinds(schema)):
        low = {"minimum", "exclusiveMinimum"} & set(schema)
        return bool(low and {"maximum", "exclusiveMaximum"} & set(schema))
    return "pattern" in schema or schema.get("minLength", 0) > 0


@pytest.mark.parametrize("key", LEAVES)
def test_a_leaf_has_bounds(key):
    assert bounded(LEAVES[key])


RANGES = [
    key
    for key, schema in LEAVES.items()
    for option in choices(schema, SCHEMA_READ["$defs"])
    if "array" in kinds(option) and option.get("minItems") == option.get("maxItems") == 2
]


@pytest.mark.parametrize("key", RANGES)
def test_a_reversed_range_is_refused(key):
    option = next(o for o in choices(LEAVES[key], SCHEMA_READ["$defs"]) if "array" in kinds(o))
    low = inside(filled(option["items"], SCHEMA_READ["$defs"]))
    values = [low + 1, low]
    assert any(f"{key}: {values}" in line for line in mistakes(with_value(key, values)))


def test_bounds_themselves_are_taken():
    """What the schema allows, the stages allow: they have no narrower rule of their own."""
    refused = []
    for key, schema in LEAVES.items():
        if key.rsplit(".", 1)[1:] and key.rsplit(".", 1)[1] in FITTING:
            continue
        for option in choices(schema, SCHEMA_READ["$defs"]):
            if {"number", "integer"} & set(kinds(option)):
                for bound in ("minimum", "maximum"):
                    if bound in option:
                        refused += mistakes(with_value(key, option[bound]))
    assert not refused, "\n".join(refused)
