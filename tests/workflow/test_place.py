"""The workflow runs from wherever it is called: another Snakefile, folder or odd path."""

import shutil
import subprocess
import sys

import yaml
from warm_snakemake import run_snakemake

JOBS = ("build_head", "train_network", "render_report")


def plan(folder, *arguments):
    return run_snakemake(["--dry-run", *arguments], folder)


def test_another_snakefile_uses_it_with_the_keys_that_differ(fresh, tmp_path):
    """Schema, resources and defaults are this repository's, also where the rules are renamed."""
    (tmp_path / "Snakefile").write_text(
        f"""
configfile: "mine.yaml"


module multisource:
    snakefile:
        "{fresh.folder}/Snakefile"
    config:
        config


use rule * from multisource as eeg_*


rule all:
    default_target: True
    input:
        rules.eeg_all.input,
"""
    )
    tiny = yaml.safe_load((fresh.folder / "tiny.yaml").read_text())
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(tiny | {"seed": 5}))
    run = plan(tmp_path, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    for job in JOBS:
        assert f"eeg_{job} " in run.stdout
    # A job that is run, not planned alone.
    target = "results/fsaverage/anatomy/electrodes.tsv"
    run = run_snakemake(["--cores", "1", "--", target], tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / target).exists()


def test_without_a_configuration_it_is_the_default_study(fresh, tmp_path):
    (tmp_path / "Snakefile").write_text(
        f"""
module multisource:
    snakefile:
        "{fresh.folder}/Snakefile"


use rule * from multisource
"""
    )
    run = plan(tmp_path, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    assert all(f"{job} " in run.stdout for job in JOBS)


def test_study_in_a_folder_of_its_own(fresh, tmp_path):
    shutil.copy(fresh.folder / "tiny.yaml", tmp_path / "mine.yaml")
    by_directory = plan(fresh.folder, "--directory", str(tmp_path), "--configfile", "tiny.yaml")
    by_snakefile = plan(
        tmp_path, "-s", str(fresh.folder / "Snakefile"), "--configfile", "mine.yaml"
    )
    for run in (by_directory, by_snakefile):
        assert run.returncode == 0, run.stdout + run.stderr
        assert all(f"{job} " in run.stdout for job in JOBS)


def test_target_taken_for_a_configuration_is_answered_in_one_line(fresh):
    run = plan(fresh.folder, "--configfile", "tiny.yaml", "leadfields")
    assert run.returncode != 0
    said = run.stdout + run.stderr
    assert "--configfile tiny.yaml -- leadfields" in said and "Traceback" not in said


def test_python_in_a_path_with_spaces_is_refused_in_one_line(fresh, tmp_path):
    """Snakemake starts a script's Python by its bare path."""
    venv = tmp_path / "a venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (here,) = venv.glob("lib/python*/site-packages")
    (here / "packages.pth").write_text("\n".join(path for path in sys.path if path))
    run = subprocess.run(
        [venv / "bin/python", "-m", "snakemake", "--dry-run"],
        cwd=fresh.folder,
        capture_output=True,
        text=True,
    )
    assert run.returncode != 0
    said = run.stdout + run.stderr
    assert "spaces or quotes" in said and "Traceback" not in said
