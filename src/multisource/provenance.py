"""Code versions: what Snakemake cannot see by itself.

Snakemake reruns a rule when its script changes, not when a module that the script imports does.
Every rule therefore carries ``code_version(<modules it uses>)`` among its ``params``: a hash of
those modules and of all they import from this package. Comments, docstrings and layout do not
count; modules of other packages do not either (their versions are pinned).
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = "multisource"
ROOT = Path(__file__).parent


def code_version(*modules: str) -> str:
    """Return 16 hexadecimal digits that change when the code of ``modules`` changes.

    Parameters
    ----------
    modules
        Dotted names of modules of this package, such as ``multisource.inverse.laura``.

    Raises
    ------
    ModuleNotFoundError
        If a name is not a module of this package.
    """
    digest = hashlib.sha256()
    for name in sorted(imported_modules(*modules)):
        digest.update(f"{name}:{_normalised(name)}\n".encode())
    return digest.hexdigest()[:16]


def imported_modules(*modules: str) -> set[str]:
    """Return ``modules`` and every module of this package that they import, at any depth."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_imports(name))
    return found


def module_path(name: str) -> Path:
    """Return the file of a module of this package."""
    parts = name.split(".")
    if parts[0] == PACKAGE:
        base = ROOT.joinpath(*parts[1:])
        for path in (base / "__init__.py", base.with_suffix(".py")):
            if path.is_file():
                return path
    raise ModuleNotFoundError(f"no module {name} in package {PACKAGE}")


def _exists(name: str) -> bool:
    try:
        module_path(name)
    except ModuleNotFoundError:
        return False
    return True


@cache
def _tree(name: str) -> ast.Module:
    return ast.parse(module_path(name).read_text(encoding="utf-8"))


@cache
def _imports(name: str) -> frozenset[str]:
    package = name if module_path(name).name == "__init__.py" else name.rpartition(".")[0]
    names: set[str] = set()
    for node in ast.walk(_tree(name)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                anchor = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*anchor, base] if base else anchor)
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    inside = {n for n in names if n.split(".")[0] == PACKAGE and _exists(n)}
    parents = {".".join(n.split(".")[:i]) for n in inside for i in range(1, n.count(".") + 1)}
    return frozenset(inside | parents)


@cache
def _normalised(name: str) -> str:
    tree = ast.parse(module_path(name).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)
