"""Code versions: what Snakemake cannot see by itself.

Snakemake reruns a rule when its script changes, not when a module that the script imports does.
Every rule therefore carries ``script_version(<its script>)`` among its ``params``: a hash of the
script and of all it imports from this package. Comments, docstrings and layout do not count, nor
does a release number; modules of other packages do not either (their versions are recorded).
The lines of a registry do not count where they stand, so that a new entry reruns no other; the
line of the entry in use does, with the module that it names.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PACKAGE = "multisource"
ROOT = Path(__file__).parent
# They decide how a step is run, logged and saved, never what it computes: the release number, the
# words of an error, the log, the way a file is put in its place, when a function is compiled, what
# ends with a run, when it is tried again, this module and the records.
_NEUTRAL = (
    *("attempts", "checksums", "compiled", "damage", "errors", "failures", "files", "logs"),
    *("provenance", "runs", "slurm", "steps", "versions"),
)
NEUTRAL = frozenset({PACKAGE, *(f"{PACKAGE}.{name}" for name in _NEUTRAL)})


@cache
def script_version(script: str | Path, *modules: str) -> str:
    """Return a code that changes when a step computes something else.

    Parameters
    ----------
    script : str or Path
        The step's script: it counts with every module of this package that it imports.
    *modules : str
        Modules that the script loads by name: the entries of a registry that the configuration
        chooses, such as ``multisource.anatomy.fsaverage:fsaverage_head``.

    Returns
    -------
    str
        16 hexadecimal digits.

    Raises
    ------
    ModuleNotFoundError
        If a name is not a module of this package.
    """
    tree = _parse(Path(script))
    names = [name.partition(":")[0] for name in modules]
    return _digest(tree, imported_modules(*_imports_of(tree, PACKAGE), *names), modules)


def code_version(*modules: str) -> str:
    """Return a code that changes when the code of modules changes.

    Parameters
    ----------
    *modules : str
        Dotted names of modules of this package, such as ``multisource.inverse.laura``.

    Returns
    -------
    str
        16 hexadecimal digits.

    Raises
    ------
    ModuleNotFoundError
        If a name is not a module of this package.
    """
    return _digest(None, imported_modules(*modules))


def imported_modules(*modules: str) -> set[str]:
    """Return modules and every module of this package that they import, at any depth.

    Parameters
    ----------
    *modules : str
        Dotted names of modules of this package.

    Returns
    -------
    set of str
        Dotted names.

    Raises
    ------
    ModuleNotFoundError
        If a name is not a module of this package.
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_imports(name))
    return found


def module_path(name: str) -> Path:
    """Return the file of a module.

    Parameters
    ----------
    name : str
        Dotted name of a module of this package.

    Returns
    -------
    Path
        Its source; of a package, ``__init__.py``.

    Raises
    ------
    ModuleNotFoundError
        If there is no such module in this package.
    """
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


def _digest(script: ast.Module | None, modules: Iterable[str], lines: Iterable[str] = ()) -> str:
    digest = hashlib.sha256()
    digest.update("".join(f"{line}\n" for line in sorted(set(lines))).encode())
    if script is not None:
        digest.update(_normalised(script).encode())
    for name in sorted(set(modules) - NEUTRAL):
        digest.update(f"{name}:{_hash(name)}\n".encode())
    return digest.hexdigest()[:16]


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(name: str) -> frozenset[str]:
    """Return the modules of this package that a module of it imports itself."""
    return _module(name)[0]


def _hash(name: str) -> str:
    """Return the hash of a module's code."""
    return _module(name)[1]


@cache
def _module(name: str) -> tuple[frozenset[str], str]:
    """Return the imports of a module and the hash of its code, from one reading."""
    path = module_path(name)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    source = path.read_bytes()
    names, code = _remembered(path, source) or _read(path, source, package)
    return _existing(names), code


def _read(path: Path, source: bytes, package: str) -> tuple[list[str], str]:
    """Return what a module names of this package, and the hash of its code; remember both."""
    tree = ast.parse(source)
    names = sorted(_names_of(tree, package))
    code = hashlib.sha256(_normalised(tree).encode()).hexdigest()
    content = {"of": _stamp(source), "names": names, "code": code}
    try:
        place = _memory(path)
        place.parent.mkdir(exist_ok=True)
        mine = place.with_name(f"{place.name}.{os.getpid()}")
        mine.write_text(json.dumps(content))
        os.replace(mine, place)
    except OSError:
        pass  # Where the package may not be written to, it is read anew each time.
    return names, code


def _remembered(path: Path, source: bytes) -> tuple[list[str], str] | None:
    """Return what an earlier process has read in the same source, if any has."""
    try:
        content = json.loads(_memory(path).read_text())
        return (content["names"], content["code"]) if content["of"] == _stamp(source) else None
    except (OSError, ValueError, KeyError):
        return None


def _memory(path: Path) -> Path:
    """Return where the reading of a module is kept: beside its byte code, by Python's version."""
    return path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.code.json"


def _stamp(source: bytes) -> str:
    """Return a hash of a source and of this file, by which it is read."""
    return hashlib.sha256(_own_source() + source).hexdigest()


@cache
def _own_source() -> bytes:
    return Path(__file__).read_bytes()


def _imports_of(tree: ast.Module, package: str) -> frozenset[str]:
    return _existing(_names_of(tree, package))


def _names_of(tree: ast.Module, package: str) -> set[str]:
    """Return what a module imports from this package: modules, and names that may be modules."""
    names: set[str] = set()
    for node in _executed(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                anchor = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*anchor, base] if base else anchor)
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] == PACKAGE}


def _existing(names: Iterable[str]) -> frozenset[str]:
    """Return those names that are modules, and the packages that these lie in."""
    inside = {name for name in names if _exists(name)}
    parents = {".".join(n.split(".")[:i]) for n in inside for i in range(1, n.count(".") + 1)}
    return frozenset(inside | parents)


def _executed(tree: ast.Module) -> Iterable[ast.AST]:
    """Yield every statement but the imports for a type checker, which are never run."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and _is_name(node.test, "TYPE_CHECKING"):
            waiting.extend(node.orelse)
        else:
            waiting.extend(n for n in ast.iter_child_nodes(node) if not isinstance(n, ast.expr))


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _normalised(tree: ast.Module) -> str:
    """Return the code of a file without its comments, docstrings, layout and registry lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_name(node.func, "Registry"):
            node.args = []
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)
