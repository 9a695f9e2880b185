"""Scripts are thin adaptors: one a rule, of the rule's name."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SCRIPTS = sorted((REPOSITORY / "workflow/scripts").glob("*.py"))
RULE = re.compile(r"^rule (\w+):\n(.*?)(?=^rule |\Z)", re.S | re.M)
RULES = {
    name: body
    for path in sorted((REPOSITORY / "workflow/rules").glob("*.smk"))
    for name, body in RULE.findall(path.read_text())
}


# A T1 that has passed is not segmented again (a quarter of an hour) because a check has other code.
WITHOUT_CODE = {"check_t1"}


def test_nothing_hides_missing_files_from_snakemake():
    """Behind an ancient() input of a step that runs, Snakemake looks at nothing: it would stop."""
    assert not [rule for rule, body in RULES.items() if "ancient(" in body]


def test_every_rule_has_its_script_and_every_script_its_rule():
    # What a program other than Python does is a shell command.
    scripted = {name for name, body in RULES.items() if "    shell:" not in body}
    assert {path.stem for path in SCRIPTS} == scripted
    for name in scripted:
        assert f'"../scripts/{name}.py"' in RULES[name]


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_documented_logged_and_sized(rule):
    body = RULES[rule]
    assert body.lstrip().startswith('"""')
    version = () if "    shell:" in body or rule in WITHOUT_CODE else ("code=",)
    for part in ("log:", "conda:", "mem_mb=grows(", "runtime=grows(", f"logs/{rule}", *version):
        assert part in body, f"rule {rule} lacks {part}"
    assert f"benchmarks/{rule}" in body or rule == "render_report"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_script_is_thin(path):
    tree = ast.parse(path.read_text())
    assert len(path.read_text().splitlines()) <= 60
    assert not any(isinstance(n, ast.FunctionDef | ast.ClassDef) for n in ast.walk(tree))
    # Everything after the imports happens inside the log, and is recorded.
    body = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    assert len(body) == 1 and isinstance(body[0], ast.With)
    assert ast.unparse(body[0].items[0]) == "step(snakemake)"


@pytest.mark.parametrize(
    "path", [p for p in SCRIPTS if p.stem not in WITHOUT_CODE], ids=lambda path: path.stem
)
def test_rule_follows_its_own_script_and_what_it_loads_by_name(path):
    """An edit reruns the rules that use it: code() names the script and the registry's entry."""
    rule = path.stem
    call = re.search(r"code=(?:lambda wildcards: )?code\(\s*\"(\w+)\"(,?)", RULES[rule])
    assert call, f"rule {rule} lacks code=code(...)"
    assert call[1] == rule
    # A script that calls a registry loads a module that its imports do not show.
    registries = {
        f"multisource.{name}"
        for name in ("anatomy.providers", "fem.backends", "inverse.registry", "network.registry")
    }
    names = {
        node.module
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
    }
    if names & registries:
        assert call[2], f"rule {rule}: code() lacks the registry's entry that the script loads"
