"""Damage and interruption: named, nothing finished is lost, nothing half-written is kept."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.xdist_group("study")
SNAKEMAKE = (sys.executable, "-m", "snakemake")
SCORED = {"score_estimates", "make_tables", "plot_scenarios", "render_report"}


def test_damaged_chunk_is_named(study):
    results = study.folder / "results/fsaverage"
    chunk = results / "simulation/test/chunk-1.nc"
    whole, stamp = chunk.read_bytes(), chunk.stat()
    target = "results/fsaverage/estimates/test/mne.nc"
    try:
        chunk.write_bytes(whole[: len(whole) // 2])
        run = study.snakemake("--cores", "1", "--forcerun", "solve_scenarios", "--", target)
        assert run.returncode != 0
        log = (results / "logs/solve_scenarios/mne.log").read_text()
        for text in (log, run.stdout + run.stderr):
            assert "chunk-1.nc" in text and "damaged" in text
        assert "Traceback" not in log
        assert not (study.folder / target).exists()
    finally:
        chunk.write_bytes(whole)
        os.utime(chunk, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    run = study.snakemake("--cores", "2", "--", target)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (study.folder / target).exists() and study.planned() == {}


def test_killed_run_goes_on(study):
    """SIGKILL of the whole run in the middle of a step; the next start does the rest."""
    results = study.folder / "results/fsaverage"
    weights, log = results / "network/convnet/weights.safetensors", "logs/train_network/convnet.log"
    kernel = (results / "inverse/mne.nc").stat().st_mtime_ns
    config = study.with_config("network", "settings", value={"convnet": {"epochs": 4}})
    (results / log).unlink()
    process = subprocess.Popen(
        [*SNAKEMAKE, "--cores", "2", "--nolock", "--configfile", config],
        cwd=study.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    started = time.time()
    while not (results / log).exists() and time.time() - started < 120:
        time.sleep(0.05)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not weights.exists(), "a half-written output stands under its name"
    planned = study.planned("--nolock", config=config)
    assert set(planned) == {"train_network", "predict_network"} | SCORED
    run = study.snakemake("--cores", "2", "--nolock", config=config)
    assert run.returncode == 0, run.stdout + run.stderr
    assert weights.exists() and study.planned(config=config) == {}
    assert (results / "inverse/mne.nc").stat().st_mtime_ns == kernel, "finished steps are kept"
    assert not list(results.rglob(".writing-*")), "left-overs of the killed step"
    # The study as the other tests expect it.
    run = study.snakemake("--cores", "2")
    assert run.returncode == 0 and study.planned() == {}
