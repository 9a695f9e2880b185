"""An edit reruns the steps that it touches, and nothing else (dry runs on the finished study)."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from multisource import versions
from multisource.inverse.io import read_kernel

LAURA_KERNEL = "results/fsaverage/inverse/laura.nc"

SCORED = {
    "score_estimates",
    "make_tables",
    "compare_heads",
    "plot_scenarios",
    "turn_scenarios",
    "render_report",
}
TOLD = {"calibrate", "measure_found"}  # of the methods that tell probabilities
NETWORK = {"train_network", "learn_certainty", "predict_network"} | TOLD | SCORED
OTHER_NETWORK = NETWORK - {"plot_scenarios"}  # the figures show the first, covnet
DESCRIBED = {"describe_study"}  # what Python has to know of the solvers
# MNE's options are chosen on the validation windows, and Python has to know them.
TUNED = {"tune_solver", "list_opponents"} | DESCRIBED
INVERSE = {"build_kernel", "solve_scenarios", "measure_found"} | SCORED  # with eLORETA
SOLVED = {"solve_scenarios"} | SCORED
# The tiny study's figures show MNE.
LAURA = INVERSE - {"plot_scenarios", "measure_found"}
SIMULATED = {
    "simulate_chunk",
    "simulate_scenarios",
    "plot_channel",
    "estimate_baseline",
    "measure_truth",
}
SIMULATED_ALONE = {"simulate_chunk", "measure_truth", "estimate_baseline"}  # one split
COMPARED = {"compare_leadfields", "verify_leadfields", "judge_head"}
COMPARED |= {"check_on_sphere", "compare_heads"}
LEADFIELD_A = {"compute_fem", "solve_scenarios", "build_kernel"} | COMPARED | SIMULATED | NETWORK
LEADFIELD_A |= TUNED
LEADFIELD_B = {"compute_bem"} | COMPARED | INVERSE | TUNED

CONFIG_EDITS = [
    (("inverse", "settings", "laura", "exponent"), 2, LAURA | DESCRIBED),
    (("inverse", "snr"), 5, INVERSE | TUNED),
    (("network", "settings", "covnet", "learning_rate"), 0.01, NETWORK),
    (("network", "settings", "convnet", "learning_rate"), 0.01, OTHER_NETWORK),
    (("evaluation", "close_radius_mm"), 25, SCORED),
    (("evaluation", "confidence"), 0.9, {"make_tables", "compare_heads", "render_report"}),
    (("simulation", "boost"), 5, SIMULATED | NETWORK | INVERSE | TUNED),
    (("leadfield", "bem", "conductivity", "skull"), 0.01, LEADFIELD_B),
    (("leadfield", "fem", "source_model"), "partial_integration", LEADFIELD_A),
    (("leadfield", "fem", "rings"), 1, LEADFIELD_A),
    (("leadfield", "fem", "true_places"), True, LEADFIELD_A),
    (("leadfield", "fem", "conductivity", "skull"), 0.02, LEADFIELD_A | {"solve_transfer"}),
]

# A recording more: its own steps, and the subject that viewers ask for. No map is made again.
RECORDING = {"cut_recording", "solve_recording", "predict_recording", "summarise_recording"}
RECORDING |= {"export_recording", "plot_recording", "turn_recording", "compare_recordings"}
RECORDING |= {"write_subject", "render_report"}
EEG = str(Path(__file__).parents[2] / "resources/real-eeg/alpha-open.edf")
CONFIG_EDITS.append((("recordings",), {"visit": {"file": EEG, "step_s": 5}}, RECORDING))

MODULE_EDITS = [
    ("inverse/laura.py", LAURA),
    ("inverse/kernel.py", INVERSE | TOLD | TUNED),
    ("network/convnet.py", OTHER_NETWORK),
    ("evaluation/metrics.py", SCORED),
    ("evaluation/tables.py", {"make_tables", "compare_heads", "render_report"}),
    ("bem/openmeeg.py", LEADFIELD_B),
    ("figures/anatomy.py", {"plot_anatomy", "judge_head", "render_report"}),
]


def test_second_run_does_nothing(study):
    assert study.planned() == {}


@pytest.mark.parametrize(
    ("path", "value", "expected"), CONFIG_EDITS, ids=[".".join(edit[0]) for edit in CONFIG_EDITS]
)
def test_config_edit(study, path, value, expected):
    planned = study.planned(config=study.with_config(*path, value=value))
    assert set(planned) == expected


def test_one_solver_reruns_alone(study):
    edit = ("inverse", "settings", "laura", "exponent")
    planned = study.planned(config=study.with_config(*edit, value=2))
    assert planned["build_kernel"] == 1
    assert planned["solve_scenarios"] == planned["score_estimates"] == 1


def test_more_samples_add_chunks_only(study):
    edit = ("simulation", "splits", "train")
    planned = study.planned(
        config=study.with_config(*edit, value={"samples": 80, "chunk_size": 40})
    )
    assert planned["simulate_chunk"] == 1  # chunk 1 grows from 20 to 40 samples; chunk 0 stays


def test_a_split_reruns_alone(study):
    # Both ConvNets are steered by validation; one of them learns from the split noisy.
    edit = ("simulation", "splits", "validation")
    value = {"samples": 20, "chunk_size": 20, "noise": {"snr_db": [0, 10]}}
    planned = study.planned(config=study.with_config(*edit, value=value))
    # All methods' thresholds are chosen on it.
    assert set(planned) == SIMULATED_ALONE | INVERSE | NETWORK | TUNED
    assert planned["simulate_chunk"] == 1 and planned["train_network"] == 2
    edit = ("simulation", "splits", "noisy", "boost")
    planned = study.planned(config=study.with_config(*edit, value=5))
    assert planned["simulate_chunk"] == planned["train_network"] == 1
    assert not {"simulate_scenarios", "plot_channel", "build_kernel"} & set(planned)


def test_operators_are_computed_where_a_split_names_them(study_copy):
    variants = {
        "moved": {"electrode_error_mm": 5, "seed": 3},
        "pointlike": {"source_model": "venant"},
        "fitted": {"mesh": "tetrahedra"},
        "shells": {"method": "bem", "electrode_error_mm": 2},
    }
    config = study_copy.with_config("leadfield", "variants", value=variants)
    assert set(study_copy.planned(config=config)) <= {
        "render_report"
    }  # it prints the configuration
    content = yaml.safe_load((study_copy.folder / config).read_text())
    noisy = content["simulation"]["splits"]["noisy"]
    noisy["operator"] = ["fem", *variants]
    # Its own operator would be several.
    content["inverse"]["settings"]["ceiling"]["operator"] = "fem"
    content["inverse"]["settings"]["sloreta"]["noise"] = "white"
    content["inverse"]["settings"]["laura"] = {"operator": "shells"}
    content["evaluation"]["curves"] = {"number": {"setting": "n_patches", "values": [0, 2]}}
    (study_copy.folder / config).write_text(yaml.safe_dump(content))
    planned = study_copy.planned(config=config)
    # What a variant shares with operator A is not computed again.
    assert planned["displace_electrodes"] == 2 and planned["mesh_variant"] == 1
    assert planned["solve_variant"] == 2 and planned["compute_fem_variant"] == 3
    assert planned["compute_bem_variant"] == planned["simulate_chunk"] == 1
    assert planned["build_kernel"] == 2, (
        "of LAURA, on another operator, and of sLORETA, on white noise"
    )
    assert planned["measure_curve_point"] == 2 and planned["plot_curve"] == 1
    assert not {"compute_fem", "compute_bem", "solve_transfer"} & set(planned)
    # Two of them for real.
    noisy["operator"] = ["bem", "moved"]
    (study_copy.folder / config).write_text(yaml.safe_dump(content))
    chunk = "results/fsaverage/simulation/noisy/chunk-0.nc"
    # A kernel for each operator is what a solver has that is always given the true one.
    kernel = "results/fsaverage/inverse/laura-moved.nc"
    run = study_copy.snakemake("--cores", "1", chunk, kernel, config=config)
    assert run.returncode == 0, run.stdout + run.stderr
    with xr.open_dataset(study_copy.folder / chunk, engine="h5netcdf") as data:
        assert set(data["operator"].values.tolist()) == {0, 1}
        assert data.attrs["operators"] == "bem, moved"
    own, other = (read_kernel(study_copy.folder / path) for path in (kernel, LAURA_KERNEL))
    assert own.matrix.shape == other.matrix.shape and not np.allclose(own.matrix, other.matrix)


def test_curves_of_what_is_no_setting(study_copy):
    """Channels, reference, depth and head: a table each, of methods that are told the noise too."""
    methods = ["covnet", "laura", "sloreta"]
    curves = {
        "channels": {"setting": "channels", "values": [51, 19], "methods": methods},
        "reference": {"setting": "reference", "values": ["average", "Cz"], "methods": methods},
        "depth": {"setting": "depth_mm", "values": [15], "methods": methods},
        "head": {"setting": "operator", "values": ["fem", "bem"], "methods": methods},
    }
    for entry in curves.values():
        entry["samples"] = 5
    config = study_copy.with_config("evaluation", "curves", value=curves)
    files = [f"results/fsaverage/tables/curve-{name}.csv" for name in curves]
    planned = study_copy.planned(*files, config=config)
    assert planned["measure_curve_point"] == 7 and planned["plot_curve"] == 4
    assert planned["train_network"] == 1, "CovNet on 19 channels"
    run = study_copy.snakemake("--cores", "1", *files, config=config)
    assert run.returncode == 0, run.stdout + run.stderr
    for name, file in zip(curves, files, strict=True):
        table = pd.read_csv(study_copy.folder / file)
        assert set(table["method"]) == set(methods)
        assert list(dict.fromkeys(table["value"])) == curves[name]["values"]
        measured = table[table["metric"] == "fraction_active"]
        assert measured["middle"].between(0, 1).all() and (measured["n"] == 5).all()
    # The reference changes no map; a network of two epochs has ties, which rounding orders.
    points = study_copy.folder / "results/fsaverage/curves"
    average, other = (
        pd.read_parquet(points / f"reference-{k}.parquet").query("method != 'covnet'")
        for k in (0, 1)
    )
    pd.testing.assert_frame_equal(average, other, rtol=1e-3)


def test_scenarios_rerun_alone(study):
    edit = ("simulation", "scenarios", "noise")
    planned = study.planned(config=study.with_config(*edit, value={"snr_db": [0, 10]}))
    assert planned["simulate_scenarios"] == 1
    assert not {"simulate_chunk", "train_network", "build_kernel"} & set(planned)


def test_another_test_split_adds_its_chunks_and_what_it_is_compared_on(study):
    edit = ("evaluation", "test_splits")
    planned = study.planned(config=study.with_config(*edit, value=["noisy", "validation"]))
    # The samples of validation are there; every method is applied to all scenarios in one job.
    assert not {"simulate_chunk", "train_network", "build_kernel"} & set(planned)
    assert {"predict_network", "solve_scenarios", "make_tables", "render_report"} <= set(planned)


@pytest.mark.parametrize(("module", "expected"), MODULE_EDITS, ids=[m for m, _ in MODULE_EDITS])
def test_module_edit(study_copy, module, expected):
    with (study_copy.folder / "src/multisource" / module).open("a") as file:
        file.write("\nEDITED = True\n")
    assert set(study_copy.planned()) == expected


NEUTRAL_EDITS = {
    "src/multisource/__init__.py": '__version__ = "99.0"',
    "src/multisource/logs.py": "EDITED = True",
    "src/multisource/errors.py": "EDITED = True",
    "pyproject.toml": "# new pins",
    "envs/multisource.yaml": "# new pins",
    "workflow/scripts/plot_anatomy.py": "# a comment",
}


def test_a_release_or_a_comment_computes_nothing_again(study_copy):
    edits = NEUTRAL_EDITS | {f"src/multisource/{m}": "# a comment" for m, _ in MODULE_EDITS}
    for name, text in edits.items():
        with (study_copy.folder / name).open("a") as file:
            file.write(f"\n{text}\n")
    assert study_copy.planned() == {}


def test_script_edit(study_copy):
    path = study_copy.folder / "workflow/scripts/plot_anatomy.py"
    before = path.read_text()
    path.write_text(before.replace("dpi=140", "dpi=150"))
    assert set(study_copy.planned()) == {"plot_anatomy", "judge_head", "render_report"}
    path.write_text(before)
    assert study_copy.planned() == {}


def test_touched_files_compute_nothing_again(study_copy):
    for part in ("workflow", "src", "config", "resources", "tiny.yaml"):
        for path in [study_copy.folder / part, *(study_copy.folder / part).rglob("*")]:
            path.touch()
    assert study_copy.planned() == {}


@pytest.mark.parametrize("option", ["-r", "-a"])
def test_copied_study_computes_nothing_again(study, tmp_path, option):
    """cp -r gives every file a new age, in the order of the folder."""
    copy = tmp_path / "copy of it"
    subprocess.run(["cp", option, study.folder, copy], check=True)
    moved = type(study)(copy)
    assert moved.planned() == {}
    # Contents count, whatever their age.
    with (copy / "results/fsaverage/inverse/mne.nc").open("ab") as file:
        file.write(b" ")
    assert set(moved.planned()) == SOLVED


def test_new_library_is_noted_and_its_steps_run_again_when_asked(study_copy):
    study, results = study_copy, study_copy.folder / "results/fsaverage"
    record = results / "versions/build_kernel/mne.json"
    content = json.loads(record.read_text())
    content["versions"]["numpy"] = "1.0"
    record.write_text(json.dumps(content))
    run = study.snakemake("--dry-run")
    said = run.stdout + run.stderr
    assert "numpy 1.0 (steps: 1;" in said and "Nothing to be done" in said
    changed = versions.read_records(results)
    files = [path for r in changed if versions.changed(r) for path in r.outputs]
    assert files == ["results/fsaverage/inverse/mne.nc"]
    planned = study.planned("--forcerun", *files)
    assert planned["build_kernel"] == 1 and set(planned) == {"build_kernel"} | SOLVED
