"""Public functions and classes are documented in the numpydoc form, parameter by parameter."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from numpydoc.hooks.validate_docstrings import AstValidator
from numpydoc.validate import validate

PACKAGE = Path(__file__).parents[2] / "src/multisource"
# numpydoc's checks, by its names:
# https://numpydoc.readthedocs.io/en/latest/validation.html#built-in-validation-checks
CHECKS = {
    "GL06",  # an unknown section
    "GL07",  # sections out of order
    "GL08",  # no docstring
    "GL10",  # a directive without two colons
    "SS01",  # no summary
    "SS03",  # a summary without a full stop
    "SS04",  # a summary with leading spaces
    "SS06",  # a summary of more than one line
    "PR01",  # parameters without a description
    "PR02",  # descriptions without a parameter
    "PR03",  # parameters in another order
    "PR04",  # a parameter without a type
    "PR07",  # a parameter with a type only
    "PR10",  # "name: type" instead of "name : type"
    "RT01",  # a value is returned, and no section says which
    "RT03",  # a returned value with a type only
    "YD01",  # a generator without Yields
}
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def room_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


ROOMS = sorted({room_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__"})


def public(tree: ast.Module) -> Iterator[tuple[Definition, list[ast.AST]]]:
    """Yield the public functions, classes and methods, each with what it stands in."""
    for node in tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node, [tree]
            for inner in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(inner, Definition) and not inner.name.startswith("_"):
                    yield inner, [tree, node]


def is_property(node: Definition) -> bool:
    names = {ast.unparse(decorator) for decorator in node.decorator_list}
    return bool(names & {"property", "cached_property", "functools.cached_property"})


def faults(path: Path) -> list[str]:
    """Return one line for each function of a file that fails, with numpydoc's words."""
    found = []
    for node, ancestry in public(ast.parse(path.read_text())):
        name = ".".join([path.stem, *(a.name for a in ancestry[1:]), node.name])
        report = validate(name, AstValidator, ast_node=node, filename=str(path), ancestry=ancestry)
        # A property is read like a value, and described like one.
        checks = CHECKS - {"RT01"} if is_property(node) else CHECKS
        errors = [f"{check} {words}" for check, words in report["errors"] if check in checks]
        if errors:
            place = f"{path.relative_to(PACKAGE.parent)}:{node.lineno}"
            found.append(f"{place} {name}: " + "; ".join(errors))
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_function_is_described(room):
    files = [path for path in sorted(PACKAGE.rglob("*.py")) if room_of(path) == room]
    found = [line for path in files for line in faults(path)]
    assert not found, "\n".join(found)


def test_faults_are_seen(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    path = tmp_path / "room.py"
    path.write_text(
        '''
def good(x: int) -> int:
    """Return a number.

    Parameters
    ----------
    x : int
        Any number.

    Returns
    -------
    int
        Another one.
    """
    return x


def bad(x: int, y: int) -> int:
    """Return a number

    Parameters
    ----------
    z : int
        No parameter.
    """
    return x


def undocumented() -> None: ...


def _private(x: int) -> int: ...
'''
    )
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path / "")
    bad, undocumented = faults(path)
    for check in ("PR01", "PR02", "RT01", "SS03"):
        assert check in bad
    assert "GL08" in undocumented
