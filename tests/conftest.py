"""The tiny study: a copy of the repository in which a whole study has been run, once a test run.

pytest-xdist gives every worker process its own fixtures. The first worker that needs the study
computes it, in a folder that all of them see, and the others wait for it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from filelock import FileLock
from warm_snakemake import run_snakemake

REPOSITORY = Path(__file__).parents[1]
# A test run starts hundreds of processes: what each compiles of Python is kept for the next.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
PARTS = ("Snakefile", "workflow", "config", "profiles", "envs", "resources", "src")


class Study:
    """A folder with the repository's files, and Snakemake runs in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def new(cls, folder: Path) -> Study:
        """Copy the repository's files to ``folder``; nothing is run."""
        for part in PARTS:
            source = REPOSITORY / part
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
                shutil.copytree(source, folder / part, ignore=ignored)
            else:
                shutil.copy2(source, folder / part)
        shutil.copy2(REPOSITORY / "tests/workflow/tiny.yaml", folder / "tiny.yaml")
        # What is compiled from a source serves all copies of it; it is known by its source's hash.
        for source in (REPOSITORY / "src").rglob("*.py"):
            compiled = source.parent / "__pycache__"
            compiled.mkdir(exist_ok=True)
            link = folder / compiled.relative_to(REPOSITORY)
            if not link.is_symlink():
                link.symlink_to(compiled)
        return cls(folder)

    def copy(self, folder: Path) -> Study:
        """Copy the study, with its results and times, to ``folder``."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        return Study(folder)

    def snakemake(self, *arguments: str, config: str = "tiny.yaml") -> subprocess.CompletedProcess:
        # No limit of time: on a busy machine a step may take many times what it usually takes.
        return run_snakemake(["--configfile", config, *arguments], self.folder)

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
        text = yaml.safe_dump(config)
        # Workers may write into the same study at the same time: one file for each content.
        name = f"edited-{hashlib.sha1(text.encode()).hexdigest()[:12]}.yaml"
        (self.folder / name).write_text(text)
        return name


@pytest.fixture(scope="session")
def once(tmp_path_factory, worker_id) -> Callable[[str, Callable[[Path], None]], Path]:
    """A function that makes a folder once a test run: ``once(name, make)`` returns the folder.

    pytest-xdist's groups would not do: release 3.8 marks them in a way that pytest 9.2 ignores.
    """
    root = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        root = root.parent  # the workers' folders lie in one of this test run

    def make_once(name: str, make: Callable[[Path], None]) -> Path:
        folder, outcome = root / name, root / f"{name}.txt"
        with FileLock(root / f"{name}.lock"):
            if not outcome.exists():
                folder.mkdir()
                try:
                    make(folder)
                except BaseException as error:
                    outcome.write_text(f"{type(error).__name__}: {error}")
                    raise
                outcome.write_text("")
        # What failed in one worker fails in the others, without a second attempt.
        assert not outcome.read_text(), outcome.read_text()
        return folder

    return make_once


def passed(run: subprocess.CompletedProcess) -> None:
    """Fail with the end of what a run said unless it succeeded."""
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-6000:]


@pytest.fixture(scope="session")
def study(once) -> Study:
    """The tiny study, computed whole. A test that changes it takes ``study_copy``."""
    return Study(once("study", lambda folder: passed(Study.new(folder).snakemake("--cores", "2"))))


@pytest.fixture
def study_copy(study, tmp_path_factory) -> Study:
    """A copy of the tiny study for one test, which may do with it what it likes."""
    return study.copy(tmp_path_factory.mktemp("study"))


@pytest.fixture
def fresh(tmp_path_factory) -> Study:
    """A copy of the repository in which nothing has been run: one for each test."""
    return Study.new(tmp_path_factory.mktemp("fresh"))
