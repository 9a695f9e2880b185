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
    version = () if "    shell:" in body else ("code=",)
    for part in ("log:", "conda:", "mem_mb=", "runtime=", f"logs/{rule}", *version):
        assert part in body, f"rule {rule} lacks {part}"
    assert f"benchmarks/{rule}" in body or rule == "render_report"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_script_is_thin(path):
    tree = ast.parse(path.read_text())
    assert len(path.read_text().splitlines()) <= 60
    assert not any(isinstance(n, ast.FunctionDef | ast.ClassDef) for n in ast.walk(tree))
    # Everything after the imports happens inside the log.
    body = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    assert len(body) == 1 and isinstance(body[0], ast.With)
    assert "logged(snakemake.log[0])" in ast.unparse(body[0].items[0])


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_rule_follows_every_module_that_its_script_imports(path):
    """An edit of a module reruns the rules that use it: the rule's code() must reach it."""
    from multisource.provenance import imported_modules

    used = {
        node.module
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module.startswith("multisource.")
    } - {"multisource.logs", "multisource.files"}
    call = re.search(
        r"code=(?:lambda wildcards: )?code\((.*?)\),\n(?:    \w|\n|\Z)", RULES[path.stem], re.S
    )
    named = re.findall(r'"([a-z0-9_.]+)"', call[1])
    reached = imported_modules(*(f"multisource.{m}" for m in named if "." in m))
    if "PROVIDERS" in call[1]:
        reached |= imported_modules("multisource.anatomy.fsaverage")
    assert used <= reached, f"{path.stem}: code() misses {sorted(used - reached)}"
