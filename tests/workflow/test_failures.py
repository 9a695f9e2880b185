"""Damage and interruption: named, nothing finished is lost, nothing half-written is kept."""

import os
import signal
import subprocess
import sys
import time

SNAKEMAKE = (sys.executable, "-m", "snakemake")
SCORED = {"score_estimates", "make_tables", "compare_heads", "plot_scenarios", "turn_scenarios"}
SCORED |= {"render_report"}


def test_damaged_chunk_is_named(study_copy):
    study, results = study_copy, study_copy.folder / "results/fsaverage"
    chunk = results / "simulation/test/chunk-1.nc"
    whole, stamp = chunk.read_bytes(), chunk.stat()
    target = "results/fsaverage/estimates/test/mne.nc"
    chunk.write_bytes(whole[: len(whole) // 2])
    run = study.snakemake("--cores", "1", "--forcerun", "solve_scenarios", "--", target)
    assert run.returncode != 0
    log = (results / "logs/solve_scenarios/mne.log").read_text()
    for text in (log, run.stdout + run.stderr):
        assert "chunk-1.nc" in text and "damaged" in text
    assert "Traceback" not in log
    assert not (study.folder / target).exists()
    # Once the chunk is whole again, the same command goes on.
    chunk.write_bytes(whole)
    os.utime(chunk, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    run = study.snakemake("--cores", "2", "--", target)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (study.folder / target).exists() and study.planned() == {}


def test_killed_run_goes_on(study_copy):
    """SIGKILL of the whole run in the middle of a step; the next start does the rest."""
    study, results = study_copy, study_copy.folder / "results/fsaverage"
    weights, log = results / "network/convnet/weights.safetensors", "logs/train_network/convnet.log"
    kernel = (results / "inverse/mne.nc").stat().st_mtime_ns
    # So many epochs that the training cannot have ended when it is killed.
    config = study.with_config("network", "settings", "convnet", "epochs", value=40)
    (results / log).unlink()
    process = subprocess.Popen(
        [*SNAKEMAKE, "--cores", "2", "--configfile", config],
        cwd=study.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (results / log).exists():
        assert process.poll() is None, "the run ended before its training began"
        time.sleep(0.05)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not weights.exists(), "a half-written output stands under its name"
    planned = study.planned(config=config)
    assert (
        set(planned)
        == {
            "train_network",
            "learn_certainty",
            "predict_network",
            "calibrate",
            "measure_found",
        }
        | SCORED - {"plot_scenarios"}  # the figures show the first network
    )
    # As far as the estimates; what follows from those is planned as before, and nothing again.
    target = "results/fsaverage/estimates/test/convnet.nc"
    run = study.snakemake("--cores", "2", "--", target, config=config)
    assert run.returncode == 0, run.stdout + run.stderr
    rest = {"calibrate", "measure_found"} | SCORED - {"plot_scenarios"}
    assert weights.exists() and set(study.planned(config=config)) == rest
    assert (results / "inverse/mne.nc").stat().st_mtime_ns == kernel, "finished steps are kept"
    assert not list(results.rglob(".writing-*")), "left-overs of the killed step"
