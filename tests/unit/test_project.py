"""What stands in two places is the same in both: metadata, citation, hooks."""

import re
import tomllib
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def test_citation_is_of_this_version():
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == PROJECT["authors"]
    names = [author["family-names"] for author in citation["references"][0]["authors"]]
    assert names == ["Buda", "Gambosi", "Toschi", "Astolfi"]


def test_changelog_knows_this_version():
    assert f"\n## {PROJECT['version']}\n" in (REPOSITORY / "CHANGELOG.md").read_text()


def test_hooks_run_what_make_lint_runs():
    makefile = (REPOSITORY / "Makefile").read_text()
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.M)
    commands = re.findall(r"^\t\$\(BIN\)/(.*)$", recipe[1], re.M)
    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"], "nothing is downloaded"
    assert [hook["entry"].removeprefix(".venv/bin/") for hook in hooks[0]["hooks"]] == commands
    assert {hook["language"] for hook in hooks[0]["hooks"]} == {"system"}
