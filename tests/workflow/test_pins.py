"""One set of pinned versions: pyproject.toml names the packages, envs/ pins them."""

import re
import tomllib
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).parents[2]


def name_of(requirement: str) -> str:
    return re.split(r"[<>=\[;]", requirement)[0].strip().lower().replace("_", "-")


def test_every_dependency_is_pinned_once_and_alike():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = {name_of(r) for r in project["dependencies"]}
    workflow = {name_of(r) for r in project["optional-dependencies"]["workflow"]}
    extras = {name_of(r) for part in project["optional-dependencies"].values() for r in part}
    lines = (REPOSITORY / "envs/constraints.txt").read_text().splitlines()
    pins = [line.partition("==") for line in lines if not line.startswith("#")]
    assert all(sign for _, sign, _ in pins), "every constraint is an exact version"
    pinned = {name_of(name): version for name, _, version in pins}
    assert len(pinned) == len(pins)
    assert wanted | extras <= set(pinned)
    conda = yaml.safe_load((REPOSITORY / "envs/multisource.yaml").read_text())
    listed = dict(line.split("==") for line in conda["dependencies"][-1]["pip"])
    assert {name_of(name) for name in listed} == wanted | workflow
    assert all(pinned[name_of(name)] == version for name, version in listed.items())
