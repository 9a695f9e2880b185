"""A copy of the repository in which the tiny study has been run once."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[1]
PARTS = ("Snakefile", "workflow", "config", "profiles", "envs", "resources", "src")


class Study:
    """A folder with a copy of the repository, and Snakemake runs in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PARTS:
            source = REPOSITORY / part
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
                shutil.copytree(source, folder / part, ignore=ignored)
            else:
                shutil.copy2(source, folder / part)
        shutil.copy2(REPOSITORY / "tests/workflow/tiny.yaml", folder / "tiny.yaml")

    def snakemake(self, *arguments: str, config: str = "tiny.yaml") -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "snakemake", "--configfile", config, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=900,
        )

    def planned(self, *arguments: str, config: str = "tiny.yaml") -> dict[str, int]:
        """Return the jobs that a dry run plans, by rule."""
        run = self.snakemake("--dry-run", *arguments, config=config)
        assert run.returncode == 0, run.stdout + run.stderr
        table = re.search(r"Job stats:\n.*?\n-+.*?\n(.*?)\n\n", run.stdout + "\n\n", re.S)
        if not table:
            assert "Nothing to be done" in run.stdout + run.stderr, run.stdout + run.stderr
            return {}
        rows = (line.split() for line in table[1].splitlines())
        return {rule: int(count) for rule, count in rows if rule not in ("total", "all")}

    def with_config(self, *path: str, value) -> str:
        """Write a configuration that differs from the tiny study in one leaf; return its name."""
        config = yaml.safe_load((self.folder / "tiny.yaml").read_text())
        leaf = config
        for key in path[:-1]:
            leaf = leaf.setdefault(key, {})
        leaf[path[-1]] = value
        (self.folder / "edited.yaml").write_text(yaml.safe_dump(config))
        return "edited.yaml"


@pytest.fixture(scope="session")
def study(tmp_path_factory) -> Study:
    """The tiny study, computed whole."""
    study = Study(tmp_path_factory.mktemp("study"))
    run = study.snakemake("--cores", "2")
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-6000:]
    return study


@pytest.fixture
def fresh(tmp_path_factory) -> Study:
    """A copy of the repository in which nothing has been run: one for each test."""
    return Study(tmp_path_factory.mktemp("fresh"))
