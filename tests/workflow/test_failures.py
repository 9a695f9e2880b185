"""Damage and interruption: named, nothing finished is lost, nothing half-written is kept."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.xdist_group("study")


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
    """SIGKILL of the whole run in the middle of a step; the next start does the rest."""
    results = study.folder / "results/fsaverage"
    finished = results / "inverse/mne.nc"
    weights = results / "network/convnet/weights.safetensors"
    weights.unlink()
    before = finished.stat().st_mtime_ns
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "snakemake",
            "--cores",
            "2",
            "--nolock",
            "--configfile",
            "tiny.yaml",
        ],
        cwd=study.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    log = results / "logs/train_network/convnet.log"
    started = time.time()
    log.unlink()
    while not log.exists() and time.time() - started < 120:
        time.sleep(0.05)
    time.sleep(1.0)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not weights.exists(), "no half-written output stands under its name"
    planned = study.planned("--nolock")
    assert "train_network" in planned and "build_kernel" not in planned
    run = study.snakemake("--cores", "2", "--nolock")
    assert run.returncode == 0, run.stdout + run.stderr
    assert weights.exists() and finished.stat().st_mtime_ns == before
    assert not list(results.rglob(".writing-*")), "left-overs of the killed step"
    assert study.planned() == {}
