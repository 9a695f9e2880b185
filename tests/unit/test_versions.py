"""Results say which libraries made them, and which of those have changed since."""

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from multisource import versions
from multisource.errors import UserError
from multisource.steps import step


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A step of a study in ``tmp_path`` that has written its file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kernel.nc").write_text("numbers")
    log = "results/head/logs/build_kernel/mne.log"
    return SimpleNamespace(
        rule="build_kernel",
        log=[log],
        input=[],
        output=["kernel.nc"],
        resources=SimpleNamespace(),
        threads=1,
    )


def test_step_records_the_libraries_it_has_loaded(job):
    with step(job):
        print(np.zeros(1))
    (record,) = versions.read_records("results/head")
    assert record.rule == "build_kernel" and record.outputs == ("kernel.nc",)
    assert record.versions["numpy"] == np.__version__
    assert record.versions["Python"].startswith("3.")
    others = {"Python", "system", "multisource", "snakemake"}
    assert set(record.versions) - others <= set(versions.LIBRARIES)
    assert versions.changed(record) == {} and versions.note("results/head") == ""


def test_failed_step_leaves_no_record(job):
    with step(job):
        pass
    with pytest.raises(SystemExit), step(job):
        raise UserError("no")
    assert versions.read_records("results/head") == []


def age(version="1.0"):
    """Say of the only record that an older numpy made it."""
    path = "results/head/versions/build_kernel/mne.json"
    with open(path) as file:
        content = json.load(file)
    content["versions"]["numpy"] = version
    with open(path, "w") as file:
        json.dump(content, file)


def test_changed_library_is_noted_and_its_files_named(job):
    with step(job):
        pass
    age()
    (record,) = versions.read_records("results/head")
    assert versions.changed(record) == {"numpy": ("1.0", np.__version__)}
    assert versions.changed(record, ["torch"]) == {}
    assert f"numpy 1.0 (steps: 1; now {np.__version__})" in versions.note("results/head")
    for arguments, named in (
        ([], "kernel.nc\n"),
        (["--library", "numpy"], "kernel.nc\n"),
        (["--library", "torch"], ""),
    ):
        run = subprocess.run(
            [sys.executable, "-m", "multisource.versions", "results/head", *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout == named


def test_table_lists_what_made_the_results(job):
    with step(job):
        pass
    age()
    job.rule, job.log = "solve_scenarios", ["results/head/logs/solve_scenarios/mne.log"]
    with step(job):
        pass
    table = versions.versions_table(versions.read_records("results/head"))
    assert list(table)[:3] == ["Python", "system", "multisource"]
    assert table["numpy"] == (
        f"1.0 (build_kernel); {np.__version__} (solve_scenarios) "
        f"(installed when this was written: {np.__version__})"
    )


def test_damaged_record_stops_nothing(job, tmp_path):
    with step(job):
        pass
    (tmp_path / "results/head/versions/build_kernel/mne.json").write_text("{")
    assert versions.note("results/head") == ""
