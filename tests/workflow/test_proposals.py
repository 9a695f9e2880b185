"""A solver that starts from a network's maps: in scenarios, recordings, curves and in Python."""

import json

import mne
import numpy as np
import pandas as pd
import pytest
import yaml

from multisource import Study
from multisource.evaluation.estimates import read_estimates
from multisource.inverse.contract import Study as SourcesOfStudy
from multisource.inverse.io import read_forward
from multisource.inverse.registry import estimates
from multisource.simulation.chunks import read_eeg

NEAR = {"kind": "patch_posterior", "budget": 60, "chains": 1, "disturbances": False}
ENTRY = {"events": "flash", "baseline_s": [-0.2, 0], "step_s": 0.2}
LEFT_OUT = ["Fpz", "C3", "T8"]


@pytest.fixture(scope="module")
def solved(study, once):
    """A tiny study with the solver ``near``, which starts from the ConvNet's maps."""

    def solve(folder):
        own = study.copy(folder)
        results = folder / "results/fsaverage"
        settings = json.loads((results / "network/convnet/settings.json").read_text())
        channels, rate = settings["channels"], 250.0
        rng = np.random.default_rng(0)
        data = 1e-5 * rng.standard_normal((len(channels), int(12 * rate)))
        raw = mne.io.RawArray(data, mne.create_info(channels, rate, "eeg"), verbose="error")
        raw.set_annotations(mne.Annotations(np.arange(1.0, 11.0), 0.0, "flash"))
        raw.save(folder / "whole_raw.fif", verbose="error")
        raw.copy().drop_channels(LEFT_OUT).save(folder / "fewer_raw.fif", verbose="error")
        config = yaml.safe_load((folder / "tiny.yaml").read_text())
        config["inverse"] = {
            "solvers": ["near", "far"],
            "settings": {
                "near": {
                    **NEAR,
                    "proposal": "convnet",
                    "windows": {"others": 3, "recordings": None},
                },
                "far": {**NEAR, "windows": 3},
            },
        }
        config["network"]["networks"] = ["convnet"]
        config["recordings"] = {
            "whole": {"file": "whole_raw.fif", **ENTRY},
            "fewer": {"file": "fewer_raw.fif", "leave_out": LEFT_OUT, **ENTRY},
        }
        curve = {"setting": "boost", "values": [5], "samples": 4, "methods": ["convnet", "near"]}
        config["evaluation"]["curves"] = {"boost": curve}
        (folder / "near.yaml").write_text(yaml.safe_dump(config))
        asked = [
            "study.json",
            "curves/boost-0.parquet",
            "recordings/whole/near.nc",
            "recordings/fewer/near.nc",
            "estimates/test/far.nc",
        ]
        targets = [f"results/fsaverage/{name}" for name in asked]
        run = own.snakemake("--cores", "2", *targets, config="near.yaml")
        assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-6000:]

    folder = once("proposals", solve)
    return folder, folder / "results/fsaverage"


def test_scenarios_are_solved_with_the_networks_maps(solved):
    """The file is what the solver says when it is given the maps of the network's own file."""
    folder, results = solved
    record = json.loads((results / "study.json").read_text())["solvers"]["near"]
    assert record["proposal"] == "convnet" and "proposal" not in record["solver"]["settings"]
    windows = read_eeg(sorted((results / "simulation/test").glob("chunk-*.nc")))
    study = SourcesOfStudy(
        simulation=record["study"]["simulation"],
        seed=record["study"]["seed"],
        ar_models=str(folder / record["study"]["ar_models"]),
        sources=str(results / "leadfield/sources.tsv"),
    )
    proposal = read_estimates(results / "estimates/test/convnet.nc")[:3]
    found = estimates(
        forward=read_forward(results / "leadfield/bem-fwd.fif"),
        eeg=windows.eeg[:3],
        sfreq=windows.sfreq,
        study=study,
        proposal=proposal,
        **NEAR,
        windows=None,
    )
    near = read_estimates(results / "estimates/test/near.nc")
    np.testing.assert_array_equal(near, found.maps)
    assert near.shape == (3, proposal.shape[1])
    assert not np.array_equal(near, read_estimates(results / "estimates/test/far.nc"))


@pytest.mark.parametrize("name, settings", [("whole", {}), ("fewer", {"leave_out": LEFT_OUT})])
def test_recordings_are_solved_with_the_network_of_their_channels(solved, name, settings):
    folder, results = solved
    raw = mne.io.read_raw(folder / f"{name}_raw.fif", preload=True, verbose="error")
    found = Study(results).localise(raw, "near", **ENTRY, **settings)
    written = read_estimates(results / f"recordings/{name}/near.nc")
    np.testing.assert_allclose(found.maps, written, rtol=1e-4, atol=1e-6)


def test_a_curve_gives_it_the_maps_that_the_network_makes_there(solved):
    _, results = solved
    metrics = pd.read_parquet(results / "curves/boost-0.parquet")
    # As many windows as the solver is given in the curve's split.
    assert metrics.groupby("method").size().to_dict() == {"convnet": 4, "near": 3}


def test_a_cluster_takes_the_study(solved, study):
    """A group of steps may not wait for a step that waits for the group: Snakemake refuses it."""
    run = type(study)(solved[0]).snakemake(
        *("--dry-run", "--workflow-profile", "profiles/slurm", "--forceall"),
        *("--", "all", "curves", "recordings"),
        config="near.yaml",
    )
    assert run.returncode == 0, run.stdout + run.stderr
