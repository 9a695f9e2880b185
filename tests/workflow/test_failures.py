"""Damage and interruption: named, nothing finished is lost, nothing half-written is kept."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.xdist_group("study")
SNAKEMAKE = (sys.executable, "-m", "snakemake")
SCORED = {"score_estimates", "make_table", "plot_scenario", "render_report"}


def test_damaged_chunk_is_named(study):
    results = study.folder / "results/fsaverage"
    chunk = results / "simulation/test/chunk-1.nc"
    whole, stamp = chunk.read_bytes(), chunk.stat()
    target = "results/fsaverage/estimates/test/mne.nc"
    try:
        chunk.write_bytes(whole[: len(whole) // 2])
        run = study.snakemake("--cores", "1", "--forcerun", "solve_scenario", "--", target)
        assert run.returncode != 0
        log = (results / "logs/solve_scenario/test-mne.log").read_text()
        for text in (log, run.stdout + run.stderr):
            assert "chunk-1.nc" in text and "damaged" in text
        assert "Traceback" not in log
        assert not (study.folder / target).exists()
    finally:
        chunk.write_bytes(whole)
        os.utime(chunk, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    run = study.snakemake("--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    assert (study.folder / target).exists() and study.planned() == {}


def test_killed_run_goes_on(study):
    """SIGKILL of the whole run in the middle of the training; the next start does the rest."""
    results = study.folder / "results/fsaverage"
    log = results / "logs/train_network/convnet.log"
    kernel = (results / "inverse/mne.nc").stat().st_mtime_ns
    # Long enough to be killed in it, whatever the machine.
    longer = {"convnet": {"epochs": 100_000, "plateau_patience": 1000}}
    config = study.with_config("network", "settings", value=longer)
    log.unlink()
    process = subprocess.Popen(
        [*SNAKEMAKE, "--cores", "2", "--nolock", "--configfile", config],
        cwd=study.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    started = time.time()
    while not log.exists() and time.time() - started < 120:
        time.sleep(0.05)
    time.sleep(5)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (results / "network/convnet/weights.safetensors").exists(), "half-written output"
    planned = study.planned("--nolock")
    assert set(planned) == {"train_network", "predict_network"} | SCORED
    run = study.snakemake("--cores", "2", "--nolock")
    assert run.returncode == 0, run.stdout + run.stderr
    assert (results / "network/convnet/weights.safetensors").exists()
    assert (results / "inverse/mne.nc").stat().st_mtime_ns == kernel, "finished steps are kept"
    assert not list(results.rglob(".writing-*")), "left-overs of the killed step"
    assert study.planned() == {}
