"""What SECURITY.md promises: data cannot run code."""

import ast

import pytest
from config_case import REPOSITORY

FOLDERS = ("src", "workflow/scripts", "benchmarks")
SOURCES = sorted(path for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*.py"))
MODULES = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "cloudpickle"}
CALLS = {"eval", "exec", "torch.load", "torch.save", "yaml.load", "yaml.unsafe_load"}


def names(tree: ast.AST):
    """Yield what a file imports and calls, and the arguments that let NumPy read pickles."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.Call):
            yield ast.unparse(node.func)
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            yield f"allow_pickle={ast.unparse(node.value)}"


@pytest.mark.parametrize("path", SOURCES, ids=[str(p.relative_to(REPOSITORY)) for p in SOURCES])
def test_nothing_reads_or_writes_what_runs_code(path):
    used = set(names(ast.parse(path.read_text(encoding="utf-8"))))
    assert not used & (MODULES | CALLS | {"allow_pickle=True"})
