"""Runtime settings live in the profiles: the whole study is planned for SLURM by a dry run."""

import re
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).parents[2]


def test_slurm_profile_plans_the_whole_study(fresh):
    run = fresh.snakemake("--dry-run", "--profile", "profiles/slurm", "--cores", "8")
    assert run.returncode == 0, run.stdout + run.stderr
    jobs = re.findall(r"^rule (\w+):\n(.*?)(?=\n\n|\n\[)", run.stdout, re.S | re.M)
    steps = [(name, body) for name, body in jobs if name != "all"]
    assert {"build_head", "solve_transfer", "train_network", "render_report"} <= {
        n for n, _ in steps
    }
    for name, body in steps:
        assert re.search(r"mem_mb=\d+", body) and re.search(r"runtime=\d+", body), name
    trainings = [body for name, body in steps if name == "train_network"]
    assert all("gpu=1" in body for body in trainings)
    # A network of fresh samples takes one.
    assert any("threads: 2" in body for body in trainings)


def test_profiles_hold_no_science_and_the_config_no_runtime():
    config = (REPOSITORY / "config/config.yaml").read_text()
    for word in ("threads", "mem_mb", "partition", "device", "cores:"):
        assert word not in config
    default = yaml.safe_load((REPOSITORY / "profiles/default/profile.yaml").read_text())
    assert default["rerun-incomplete"] is True
    slurm = yaml.safe_load((REPOSITORY / "profiles/slurm/profile.yaml").read_text())
    assert slurm["executor"] == "slurm" and slurm["slurm-status-command"] == "squeue"
