"""A failed step is tried again with more, a refused one is not; no attempt shows another's log."""

import re
from pathlib import Path
from textwrap import dedent

import pytest
from warm_snakemake import run_snakemake

from multisource.attempts import is_refused, mark_refused, unmark
from multisource.steps import place

SNAKEFILE = """
from multisource.attempts import watch_attempts

watch_attempts()

rule all:
    input: "bad.txt", "weak.txt"

rule bad:
    output: "bad.txt"
    log: "results/h/logs/bad.log"
    script: "bad.py"

rule weak:
    output: "weak.txt"
    log: "results/h/logs/weak.log"
    resources:
        mem_mb=lambda wildcards, attempt: 700 * 2 ** (attempt - 1)
    script: "weak.py"
"""
BAD = """
from multisource.errors import UserError
from multisource.steps import step

with step(snakemake):
    raise UserError("t1.nii: not a head; name another file")
"""
WEAK = """
from pathlib import Path

from multisource.steps import step

with step(snakemake):
    if snakemake.resources.mem_mb < 1000:
        raise MemoryError
    Path(snakemake.output[0]).touch()
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of both rules, each with a second attempt."""
    folder = tmp_path_factory.mktemp("attempts")
    files = {"Snakefile": SNAKEFILE, "bad.py": BAD, "weak.py": WEAK}
    for name, text in files.items():
        (folder / name).write_text(dedent(text))
    log = folder / "results/h/logs/bad.log"
    log.parent.mkdir(parents=True)
    log.write_text("the words of an earlier run")
    (folder / "src").symlink_to(Path(__file__).parents[2] / "src")
    arguments = ["--cores", "1", "--retries", "1", "--keep-going", "--show-failed-logs"]
    return folder, run_snakemake(arguments, folder)


def test_refused_step_is_not_tried_again(run):
    folder, done = run
    told = done.stdout + done.stderr
    assert done.returncode == 1 and "an earlier run" not in told
    assert "multisource: t1.nii: not a head" in told
    assert len(re.findall(r"^(?:local)?rule bad:", told, re.M)) == 1


def test_step_that_lacked_memory_is_tried_again_with_twice_as_much(run):
    folder, done = run
    told = done.stdout + done.stderr
    assert (folder / "weak.txt").exists()
    assert len(re.findall(r"^(?:local)?rule weak:", told, re.M)) == 2
    assert "out of memory" in told and "its rule declares 700 MB" in told


def test_first_line_of_a_log_names_the_place(run):
    folder, _ = run
    first = (folder / "results/h/logs/weak.log").read_text().splitlines()[0]
    assert re.fullmatch(r"weak: \S+, process \d+, 1 thread, device cpu", first)


def test_place_names_the_job_of_slurm(monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    assert ", SLURM job 4711, 2 threads, device " in place(2)


def test_mark_is_of_one_step_and_goes_with_its_next_attempt(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mark_refused("logs/a.log")
    assert is_refused(["logs/b.log", "logs/a.log"]) and not is_refused(["logs/b.log"])
    unmark("logs/a.log")
    assert not is_refused(["logs/a.log"])
