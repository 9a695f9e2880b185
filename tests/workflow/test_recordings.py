"""A recording of one's own on the finished tiny study: its maps, files, reruns, and refusal."""

import importlib.util
import json
import re
import shutil
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from multisource import Study
from multisource.certainty.chance import beyond_chance
from multisource.errors import UserError
from multisource.evaluation.estimates import read_estimates, write_estimates
from multisource.network.prediction import predict
from multisource.network.weights import load_network
from multisource.report.groups import group_sections
from multisource.report.recordings import SIDE_BY_SIDE, your_recordings

REPOSITORY = Path(__file__).parents[2]
METHODS = ["convnet", "mne", "eloreta"]
LEFT_OUT = ["Fpz", "C3", "T8"]


@pytest.fixture(scope="module")
def example():
    """The program of the documentation that writes a recording with a known source."""
    path = REPOSITORY / "docs/own_recording_example.py"
    spec = importlib.util.spec_from_file_location("own_recording_example", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def localised(study, example, once):
    """A tiny study with the example, its channels shuffled, and the true place in MNI mm."""

    def localise(folder: Path) -> None:
        own = study.copy(folder)
        raw, truth = example.example(folder / "results/fsaverage")
        np.save(folder / "truth.npy", truth)
        order = np.random.default_rng(0).permutation(raw.ch_names)
        raw.reorder_channels(list(order))
        raw.save(folder / "example_raw.fif", overwrite=True, verbose="error")
        fewer = raw.copy().drop_channels(LEFT_OUT)
        fewer.save(folder / "fewer_raw.fif", overwrite=True, verbose="error")
        config = yaml.safe_load((folder / "tiny.yaml").read_text())
        entry = {"events": "flash", "baseline_s": [-0.2, 0], "step_s": 0.2}
        config["recordings"] = {
            "example": {"file": "example_raw.fif", **entry},
            # As people write them.
            "fewer": {"file": "fewer_raw.fif", "leave_out": ["fpz", "C3", "T4"], **entry},
        }
        config["network"]["networks"] = ["convnet"]
        config["inverse"]["solvers"] = ["mne", "eloreta"]
        (folder / "recording.yaml").write_text(yaml.safe_dump(config))
        run = own.snakemake("--cores", "2", "recordings", config="recording.yaml")
        assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-6000:]

    folder = once("recordings", localise)
    return type(study)(folder), np.load(folder / "truth.npy")


def test_every_method_is_applied(localised):
    results = localised[0].folder / "results/fsaverage"
    for method in METHODS:
        with xr.open_dataset(
            results / f"recordings/example/{method}.nc", engine="h5netcdf"
        ) as data:
            assert data["estimate"].shape == (4, 132) and data.attrs["method"] == method
    assert (results / "figures/recording-example.png").stat().st_size > 50_000
    page = (results / "brains/recording-example.html").read_text()
    scene = json.loads(re.search(r'id="about">(.*?)</script>', page)[1])["scenes"][0]
    assert [one["label"] for one in scene["shown"]] == ["ConvNet", "MNE", "eLORETA"]
    assert scene["moments"][scene["first"]] == "0.000 to 0.200 s" and len(scene["moments"]) == 4


def test_what_was_done_to_the_recording_is_told(localised):
    results = localised[0].folder / "results/fsaverage"
    steps = pd.read_csv(results / "recordings/example/steps.tsv", sep="\t").set_index("step")
    assert steps.loc["average", "what"] == "of 80 epochs" and steps["epochs_lost"].sum() == 0
    log = (results / "logs/cut_recording/example.log").read_text()
    assert "filter: above 0.5 Hz, each of 1 unbroken stretch by itself" in log


def test_solvers_find_the_patch_that_was_recorded(localised):
    """Simulated by operator A, solved by operator B, channels in another order."""
    study, truth = localised
    peaks = pd.read_csv(study.folder / "results/fsaverage/recordings/example/peaks.tsv", sep="\t")
    # A network of two epochs may find nothing that chance does not show, and then shows nothing.
    assert {"mne", "eloreta"} <= set(peaks["method"]) <= set(METHODS)
    first = peaks.drop_duplicates("method").set_index("method")
    # The response is at 0.1 s, so the strongest window is that of 0 to 0.2 s.
    assert (first["from_s"] == 0).all()
    for method in ("mne", "eloreta"):
        place = first.loc[method, ["mni_x", "mni_y", "mni_z"]].to_numpy(float)
        # Of 132 dipoles neighbours are 20 to 30 mm apart: the patch's own or one next to it. A
        # wrong order of the channels, or left for right, is 60 mm off and more.
        assert np.linalg.norm(place - truth) < 35, method


def test_a_recording_of_fewer_channels_has_a_network_of_its_own(localised):
    study, truth = localised
    results = study.folder / "results/fsaverage"
    (own,) = results.glob("network/convnet-*of*-*/settings.json")
    whole = json.loads((results / "network/convnet/settings.json").read_text())
    kept = [name for name in whole["channels"] if name not in LEFT_OUT]
    assert json.loads(own.read_text())["channels"] == kept
    assert own.parent.name.startswith(f"convnet-{len(kept)}of{len(kept) + 3}-")
    with xr.open_dataset(results / "recordings/fewer/windows.nc", engine="h5netcdf") as data:
        assert [str(name) for name in data["channel"].values] == kept
        np.testing.assert_allclose(data["eeg"].mean("channel"), 0, atol=1e-12)
    peaks = pd.read_csv(results / "recordings/fewer/peaks.tsv", sep="\t")
    first = peaks.drop_duplicates("method").set_index("method")
    for method in ("mne", "eloreta"):
        place = first.loc[method, ["mni_x", "mni_y", "mni_z"]].to_numpy(float)
        assert np.linalg.norm(place - truth) < 35, method


def test_networks_and_only_those_name_sources(localised):
    """A network of two epochs may name none, but then says so."""
    results = localised[0].folder / "results/fsaverage"
    named = pd.read_csv(results / "recordings/example/sources.tsv", sep="\t")
    told = {method for method in METHODS if (results / f"network/{method}/certainty.json").exists()}
    learnt = {m for m in told if (results / f"network/{m}/certainty.json").read_text() != "null\n"}
    assert set(named["method"]) == learnt
    assert named["presence"].dropna().between(0, 1).all()


def test_places_have_names_and_lie_on_cortex(localised):
    """The patch is in the right visual cortex; the atlas says so of the solvers' peaks."""
    results = localised[0].folder / "results/fsaverage"
    regions = pd.read_csv(results / "leadfield/regions.tsv", sep="\t")
    assert len(regions) == 132 and 5 < (regions["cortex"] == 0).sum() < 25
    peaks = pd.read_csv(results / "recordings/example/peaks.tsv", sep="\t")
    first = peaks.drop_duplicates("method").set_index("method")
    occipital = {"lateraloccipital", "lingual", "cuneus", "pericalcarine"}
    for method in ("mne", "eloreta"):
        region, side = first.loc[method, "desikan_killiany"].rsplit("-", 1)
        assert region in occipital and side == "rh", method
    told = peaks.merge(regions, on=["hemisphere", "vertex"])
    assert len(told) == len(peaks) and told["cortex"].all()
    parcels = pd.read_csv(results / "recordings/example/parcels.tsv", sep="\t")
    assert len(parcels) == 4 * len(METHODS) and "lateraloccipital-rh" in parcels


def test_the_report_tells_of_recordings(localised):
    """Whatever the networks say: of two epochs, mostly that nothing is there."""
    results = localised[0].folder / "results/fsaverage"
    names = ("example", "fewer")
    tables = {
        kind: {name: results / f"recordings/{name}/{kind}.tsv" for name in names}
        for kind in ("peaks", "sources", "steps")
    }
    (section,) = your_recordings(
        {name: results / f"figures/recording-{name}.png" for name in names},
        tables["peaks"],
        tables["sources"],
        tables["steps"],
        {name: f"brains/recording-{name}.html" for name in names},
    )
    frames = dict(section.frames)
    for name in names:
        said = frames[f"{name}: in words"].set_index("method")["finds"]
        assert "lateral occipital" in said["eLORETA"] or "lingual" in said["eLORETA"]
    assert set(frames[SIDE_BY_SIDE]["recording"]) == set(names)


def test_networks_see_the_eeg_that_was_simulated(localised, example):
    """The map of the file is that of the arrays which the file was written from."""
    results = localised[0].folder / "results/fsaverage"
    network, settings = load_network(
        results / "network/convnet/weights.safetensors", results / "network/convnet/settings.json"
    )
    raw, _ = example.example(results)
    assert raw.ch_names == settings["channels"]
    starts = np.round(250 * raw.annotations.onset).astype(int)
    direct = np.mean([raw.get_data(start=s, stop=s + 50) for s in starts], axis=0)
    direct -= np.mean([raw.get_data(start=s - 50, stop=s).mean(axis=1) for s in starts], axis=0)[
        :, None
    ]
    with xr.open_dataset(results / "recordings/example/windows.nc", engine="h5netcdf") as data:
        found = predict(network, data["eeg"].values[1:2]).estimate[0]
    expected = predict(network, direct[None]).estimate[0]
    # A high-pass of 0.5 Hz lies between the two.
    assert np.corrcoef(found, expected)[0, 1] > 0.95


def test_source_estimates_open_on_the_source_space_of_the_study(localised):
    results = localised[0].folder / "results/fsaverage"
    forward = mne.read_forward_solution(results / "leadfield/bem-fwd.fif", verbose="error")
    for method in METHODS:
        stc = mne.read_source_estimate(results / f"recordings/example/{method}")
        assert [list(v) for v in stc.vertices] == [list(p["vertno"]) for p in forward["src"]]
        np.testing.assert_allclose(stc.times, [-0.1, 0.1, 0.3, 0.5], atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_python_says_the_same_as_the_files(localised, example, method):
    """The EEG in memory, without Snakemake; the workflow's arrays, tables to print.

    To rounding: a kernel for the recording's noise is built by as many threads as there are.
    """
    results = localised[0].folder / "results/fsaverage"
    study = Study(results)
    assert study.methods == METHODS and study.window_s == 0.2
    raw = mne.io.read_raw(localised[0].folder / "example_raw.fif", preload=True, verbose="error")
    before = raw.get_data().copy()
    found = study.localise(raw, method, events="flash", baseline_s=[-0.2, 0], step_s=0.2)
    np.testing.assert_array_equal(raw.get_data(), before)
    folder = results / "recordings/example"
    with xr.open_dataset(folder / f"{method}.nc", engine="h5netcdf") as data:
        np.testing.assert_allclose(found.maps, data["estimate"].values, rtol=1e-4, atol=1e-6)
    stc = mne.read_source_estimate(folder / method)
    np.testing.assert_allclose(found.stc.data, stc.data, rtol=1e-4, atol=1e-6)
    assert found.stc.subject == "fsaverage"
    for name, table in (
        ("peaks", found.peaks),
        ("sources", found.sources),
        ("parcels", found.parcels),
    ):
        written = pd.read_csv(folder / f"{name}.tsv", sep="\t")
        written = written[written["method"] == method].reset_index(drop=True)
        if len(written):
            pd.testing.assert_frame_equal(
                table.reset_index(drop=True), written, check_dtype=False, rtol=1e-3, atol=1e-6
            )
        else:
            assert table.empty
    steps = pd.read_csv(folder / "steps.tsv", sep="\t")
    assert found.account["step"].tolist() == steps["step"].tolist()


def test_python_does_without_channels(localised):
    folder = localised[0].folder / "results/fsaverage"
    raw = mne.io.read_raw(localised[0].folder / "fewer_raw.fif", preload=True, verbose="error")
    options = {"events": "flash", "baseline_s": [-0.2, 0], "step_s": 0.2}
    found = Study(folder).localise(raw, "convnet", leave_out=LEFT_OUT, **options)
    with xr.open_dataset(folder / "recordings/fewer/convnet.nc", engine="h5netcdf") as data:
        np.testing.assert_allclose(found.maps, data["estimate"].values, rtol=1e-4, atol=1e-6)
    with pytest.raises(UserError, match="no network of these 47 channels has been trained"):
        Study(folder).localise(raw, "convnet", leave_out=[*LEFT_OUT, "Oz"], **options)


def test_one_recording_against_another(localised):
    """By the rules: two averages are subtracted, else the other's windows stand for chance."""
    study, truth = localised
    raw = mne.io.read_raw(study.folder / "example_raw.fif", verbose="error")
    onsets = np.round(250 * raw.annotations.onset).astype(int)
    # Flashes, and as many epochs between them; in both ten times as large a response, to the right.
    x = raw.get_montage().get_positions()["ch_pos"]
    common = 1e-4 * np.array([x[name][0] / 0.1 for name in raw.ch_names])
    averages = []
    for name, begin in (("with", 0), ("without", 100)):
        made = [raw.get_data(start=on + begin - 50, stop=on + begin + 150) for on in onsets]
        wave = np.exp(-0.5 * ((np.arange(200) - 75) / 5) ** 2)
        data = np.mean(made, axis=0) + np.outer(common, wave)
        averages.append(mne.EvokedArray(data, raw.info, tmin=-0.2, nave=80, verbose="error"))
        averages[-1].save(study.folder / f"{name}-ave.fif", overwrite=True, verbose="error")
    config = yaml.safe_load((study.folder / "recording.yaml").read_text())
    evoked = {"baseline_s": [-0.2, 0], "step_s": 0.2}
    each = {"file": "example_raw.fif", "events": "flash", "average": False}
    config["recordings"] |= {
        "without": {"file": "without-ave.fif", **evoked},
        "difference": {"file": "with-ave.fif", "against": "without", **evoked},
        "before": {**each, "tmin_s": -0.2, "tmax_s": 0},
        "behind": {**each, "tmin_s": 0, "tmax_s": 0.2, "against": "before"},
    }
    (study.folder / "against.yaml").write_text(yaml.safe_dump(config))
    wanted = ["difference/mne.nc", "behind/convnet.nc"]
    targets = [f"results/fsaverage/recordings/{name}" for name in wanted]
    run = study.snakemake("--cores", "2", *targets, config="against.yaml")
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-6000:]
    recordings = study.folder / "results/fsaverage/recordings"

    def read(name, variable):
        with xr.open_dataset(recordings / f"{name}.nc", engine="h5netcdf") as data:
            return data[variable].values

    difference = read("difference/windows", "eeg")
    one, other = (average.get_data()[:, 50:100] for average in averages)
    before = [average.get_data()[:, :50].mean(axis=1) for average in averages]
    expected = one - other - (before[0] - before[1])[:, None]
    order = [raw.ch_names.index(name) for name in Study(recordings.parent).channels]
    expected = (expected - expected[order].mean(axis=0))[order]
    np.testing.assert_allclose(difference[1], expected, atol=1e-4 * np.abs(expected).max())
    regions = pd.read_csv(recordings.parent / "leadfield/regions.tsv", sep="\t")
    found = np.where(regions["cortex"], read("difference/mne", "estimate")[1], 0).argmax()
    # As in the test of all solvers above, though the common response would be elsewhere.
    place = regions[["mni_x", "mni_y", "mni_z"]].to_numpy()[found]
    assert np.linalg.norm(place - truth) < 35
    network, _ = load_network(
        *(
            recordings.parent / f"network/convnet/{f}"
            for f in ("weights.safetensors", "settings.json")
        )
    )
    said = [
        predict(network, read(f"{name}/windows", "eeg")).estimate for name in ("behind", "before")
    ]
    presence = beyond_chance(*(maps.max(axis=1) for maps in said))
    maps = read("behind/convnet", "estimate")
    np.testing.assert_allclose(maps, presence[:, None] * said[0], rtol=1e-3, atol=1e-5)


def test_python_refuses_in_one_line(localised, tmp_path):
    with pytest.raises(UserError, match="study.json: missing"):
        Study(tmp_path)
    study = Study(localised[0].folder / "results/fsaverage")
    with pytest.raises(UserError, match="'ConvNet' is unknown; use one of convnet, mne, eloreta"):
        study.localise(np.zeros(3), "ConvNet")
    with pytest.raises(UserError, match="'event' is unknown; use one of events"):
        study.localise(np.zeros(3), event="flash")
    with pytest.raises(UserError, match="a ndarray; give a Raw, Epochs or Evoked"):
        study.localise(np.zeros(3))


def test_an_edit_of_a_solver_reruns_it_alone(localised):
    study, _ = localised
    config = yaml.safe_load((study.folder / "recording.yaml").read_text())
    config["inverse"]["settings"] = {"mne": {"kind": "mne", "depth": 0.5}}
    (study.folder / "edited.yaml").write_text(yaml.safe_dump(config))
    planned = study.planned("recordings", config="edited.yaml")
    # Of the recording all methods' summary, figure and page, of the study nothing.
    steps = {"solve_recording", "summarise_recording", "export_recording"}
    steps |= {"plot_recording", "turn_recording", "compare_recordings", "describe_study"}
    once = ["compare_recordings", "describe_study", "recordings"]
    assert planned == dict.fromkeys([*steps], 2) | dict.fromkeys(once, 1)


def test_a_group_is_tested_against_the_time_before_the_event(localised):
    """Six people who answer like the example, each by a map of MNE that is off by 30 %."""
    study, truth = localised
    recordings = study.folder / "results/fsaverage/recordings"
    config = yaml.safe_load((study.folder / "recording.yaml").read_text())
    rng = np.random.default_rng(0)
    maps = read_estimates(recordings / "example/mne.nc")
    people = [f"p{k}" for k in range(6)]
    for name in people:
        (recordings / name).mkdir()
        shutil.copy(recordings / "example/windows.nc", recordings / name)
        own = maps * rng.uniform(0.7, 1.3, maps.shape)
        write_estimates(recordings / name / "mne.nc", own, scenario=name, method="mne")
        config["recordings"][name] = config["recordings"]["example"]
    config["groups"] = {"flash": {"recordings": people, "method": "mne", "moment_s": 0.1}}
    (study.folder / "group.yaml").write_text(yaml.safe_dump(config))
    target = "results/fsaverage/groups/flash/clusters.tsv"
    run = study.snakemake(
        "--cores", "1", "--allowed-rules", "average_group", "--", target, config="group.yaml"
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-6000:]
    folder = study.folder / "results/fsaverage/groups/flash"
    table = pd.read_csv(study.folder / target, sep="\t")
    assert table["what"].tolist()[:2] == ["peak of the mean", "cluster"]
    # All six agree, and no p is smaller with six.
    found = table[(table["p"] == 1 / 2**5) & (table["t"] > 0)].iloc[0]
    place = found[["mni_x", "mni_y", "mni_z"]].to_numpy(float)
    assert np.linalg.norm(place - truth) < 35
    mean, clusters = (mne.read_source_estimate(folder / kind) for kind in ("mean", "clusters"))
    assert mean.data.shape == clusters.data.shape == (132, 1)
    assert "6 people" in (folder / "test.txt").read_text()
    (section,) = group_sections(
        {"flash": study.folder / "results/fsaverage/figures/group-flash.png"},
        {"flash": study.folder / target},
        {"flash": folder / "test.txt"},
    )
    assert "against the windows before the event" in section.pictures[0].caption
    assert section.frames[0][1]["what"].tolist()[:2] == ["peak of the mean", "cluster"]
