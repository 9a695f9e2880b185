"""Every rule's output is what the file contract says, in formats that other tools open."""

import html
import json
import re

import mne
import nibabel
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from multisource.evaluation.courses import courses_of
from multisource.evaluation.estimates import read_estimates
from multisource.evaluation.score import score, thresholds_of
from multisource.evaluation.thresholds import read_thresholds
from multisource.inverse.io import read_forward
from multisource.inverse.registry import estimate
from multisource.inverse.window_noise import read_window_noise
from multisource.simulation.chunks import read_eeg

DIPOLES, CHANNELS, TIMES = 132, 51, 50


@pytest.fixture(scope="module")
def results(study):
    return study.folder / "results/fsaverage"


def test_surfaces_are_freesurfer_geometry(results):
    for name in ("lh.white", "rh.pial", "lh.sphere"):
        vertices, triangles = nibabel.freesurfer.read_geometry(results / "anatomy/surf" / name)
        assert vertices.shape == (10242, 3) and triangles.shape == (20480, 3)
    vertices, _ = mne.read_surface(results / "anatomy/bem/outer_skin.surf", verbose="error")
    assert 150 < np.ptp(vertices[:, 1]) < 260, "mm, a head's length"


def test_tissues_are_a_labelled_volume(results):
    image = nibabel.load(results / "anatomy/mri/tissues.nii.gz")
    assert set(np.unique(image.dataobj)) == {0, 1, 2, 3, 4, 5}
    assert np.allclose(image.header.get_zooms(), 4.0)


def test_electrodes_are_bids(results):
    table = pd.read_csv(results / "anatomy/electrodes.tsv", sep="\t")
    assert list(table.columns) == ["name", "x", "y", "z"]
    assert len(table) == CHANNELS and table["name"].is_unique
    assert table.set_index("name").loc["Cz", "z"] > 80, "Cz is on top"


def test_source_space(results):
    sources = mne.read_source_spaces(results / "leadfield/sources-src.fif", verbose="error")
    assert sum(part["nuse"] for part in sources) == DIPOLES


@pytest.mark.parametrize("name", ["fem", "bem"])
def test_forward_solutions_open_in_mne(results, name):
    forward = mne.read_forward_solution(results / f"leadfield/{name}-fwd.fif", verbose="error")
    gain = forward["sol"]["data"]
    assert gain.shape == (CHANNELS, 3 * DIPOLES) and np.isfinite(gain).all()
    # Average reference; single precision on disk.
    assert np.abs(gain.mean(axis=0)).max() < 1e-5 * np.abs(gain).max()
    fixed = mne.convert_forward_solution(
        forward, force_fixed=True, surf_ori=True, use_cps=True, verbose="error"
    )
    assert fixed["sol"]["data"].shape == (CHANNELS, DIPOLES)


def test_operators_agree_but_for_the_mismatch(results):
    table = pd.read_csv(results / "leadfield/comparison.csv")
    assert len(table) == DIPOLES
    # Other conductivities, tissues and meshes: alike, not equal.
    assert 0.02 < table["rdm"].median() < 0.5
    assert (results / "leadfield/comparison.png").stat().st_size > 20_000


def test_dipole_placement_is_reported(results):
    table = pd.read_csv(results / "leadfield/fem-dipoles.tsv", sep="\t")
    assert len(table) == DIPOLES and {"moved_mm", "start_tissue"} <= set(table.columns)


@pytest.mark.parametrize(("split", "chunk", "samples"), [("train", 1, 20), ("A", 0, 20)])
def test_chunks_describe_themselves(results, split, chunk, samples):
    path = results / f"simulation/{split}/chunk-{chunk}.nc"
    with xr.open_dataset(path, engine="h5netcdf") as data:
        assert data["eeg"].dims == ("sample", "channel", "time")
        assert data["eeg"].shape == (samples, CHANNELS, TIMES)
        assert data["eeg"].attrs["units"] == "V"
        assert list(data["channel"].values[:2]) == ["F3", "F4"]
        # Microvolts, and an average reference.
        assert 1e-7 < float(data["eeg"].std()) < 1e-3
        assert float(np.abs(data["eeg"].mean("channel")).max()) < 1e-9
        assert data.attrs["split"] == split and json.loads(data.attrs["config"])
        coefficient = data["truth_coefficient"].values
        assert coefficient.min() > 0 and coefficient.max() <= 1


def test_samples_continue_across_chunks(results):
    paths = [results / f"simulation/train/chunk-{i}.nc" for i in (0, 1)]
    numbers = [xr.open_dataset(path, engine="h5netcdf")["sample"].values for path in paths]
    assert np.concatenate(numbers).tolist() == list(range(60))


@pytest.mark.parametrize("scenario", ["test", "noisy"])
def test_measured_noise_is_that_of_each_window(results, scenario):
    """The tiny sLORETA against a kernel for each window from the covariance it is told."""
    chunks = sorted((results / "simulation" / scenario).glob("chunk-*.nc"))
    eeg = read_eeg(chunks).eeg
    told = read_window_noise(
        [results / "leadfield/fem-fwd.fif"], results / "anatomy/electrodes.tsv", {scenario: "fem"}
    )(scenario, chunks, eeg)
    assert (len(told.covariances) > 1) == (scenario == "noisy")
    maps = read_estimates(results / f"estimates/{scenario}/sloreta.nc")
    assert len(maps) == len(eeg) == len(told.member)
    forward = read_forward(results / "leadfield/bem-fwd.fif")
    for window in (0, 7, 19):
        covariance = told.covariances[told.member[window]]
        alone = estimate("sloreta", forward, eeg[[window]], noise=covariance)
        np.testing.assert_allclose(maps[window], alone[0], rtol=1e-3)
    assert not np.allclose(maps[0], estimate("sloreta", forward, eeg[[0]])[0], rtol=0.05)


def test_network_files(results):
    from safetensors.numpy import load_file

    folder = results / "network/convnet"
    assert load_file(folder / "weights.safetensors")
    assert json.loads((folder / "settings.json").read_text())["architecture"] == "convnet"
    history = pd.read_csv(folder / "history.csv")
    assert {"epoch", "train_loss", "validation_loss"} <= set(history.columns)
    assert not (folder / "checkpoint.safetensors").exists()


@pytest.mark.parametrize(
    "method", ["random", "perfect", "convnet", "convnet_fresh", "mne", "eloreta", "laura"]
)
def test_estimates_and_metrics(results, method):
    with xr.open_dataset(results / f"estimates/test/{method}.nc", engine="h5netcdf") as data:
        assert data["estimate"].shape == (40, DIPOLES)
        assert float(data["estimate"].min()) >= 0
    metrics = pd.read_parquet(results / f"metrics/test/{method}.parquet")
    assert len(metrics) == 40 and set(metrics["method"]) == {method}
    for name in ("auc_close", "auc_far", "fraction_active", "dr_least"):
        assert metrics[name].dropna().between(0, 1).all()
    if method == "perfect":
        assert (metrics["fraction_active"] == 1).all()
        # Up to three true centres are tied at the top and share the mean of ranks 0, 1 and 2.
        assert (metrics["dr_least"] <= 1 / DIPOLES).all()


def test_tables_put_the_paper_beside_ours(results):
    table = pd.read_csv(results / "tables/table-IX.csv").set_index(["method", "metric"])
    assert table.loc[("convnet", "fraction_active"), "paper"] == 0.741
    assert table.loc[("perfect", "fraction_active"), "ours"] == 1
    assert pd.isna(table.loc[("dspm", "fraction_active"), "ours"]), "not among the tiny solvers"
    assert "| ConvNet" in (results / "tables/table-IX.md").read_text()
    assert r"\toprule" in (results / "tables/table-IX.tex").read_text()


def test_a_further_test_split_has_its_own_settings_and_every_method(results):
    with xr.open_dataset(results / "simulation/noisy/chunk-0.nc", engine="h5netcdf") as data:
        assert data.sizes["patch"] == 2, "its own number of patches"
        assert data["snr_db"].min() >= 5 and data["snr_db"].max() <= 20
    table = pd.read_csv(results / "tables/table-noisy.csv").set_index(["method", "metric"])
    assert table.loc[("perfect", "fraction_active"), "ours"] == 1
    assert table.loc[("convnet", "fraction_active"), "n"] == 20
    assert "Performance on noisy" in (results / "tables/table-noisy.md").read_text()
    assert (
        "Test split noisy: n_patches [1, 2], noise.snr_db [5, 20]"
        in (results / "report.html").read_text()
    )


def test_every_method_stands_beside_every_test_head(results):
    table = pd.read_csv(results / "tables/heads.csv")
    assert set(table["test"]) == {"test", "noisy"}, "not where nothing is"
    seen = table.drop_duplicates(["method", "test"]).set_index(["method", "test"])["seen"]
    assert seen["covnet", "noisy"] and seen["ceiling", "test"] and not seen["eloreta", "test"]
    far = table[table["method"] == "eloreta"]["rdm"]
    comparison = pd.read_csv(results / "leadfield/comparison.csv")
    assert np.allclose(far, comparison["rdm"].median(), atol=1e-5)
    assert "## F1 (median over the windows)" in (results / "tables/heads.md").read_text()
    assert "Who knew the head" in (results / "report.html").read_text()


def test_metrics_are_computed_again_from_the_files(results):
    chunks = [results / f"simulation/test/chunk-{i}.nc" for i in (0, 1)]
    sources = results / "leadfield/sources.tsv"
    for method, operator in (("covnet", "fem"), ("eloreta", "bem")):
        validated = results / f"estimates/validation/{method}.nc"
        thresholds = thresholds_of(
            validated, [results / "simulation/validation/chunk-0.nc"], sources
        )
        assert read_thresholds(results / f"metrics/validation/{method}.json") == thresholds
        again = score(
            results / f"estimates/test/{method}.nc",
            chunks,
            sources,
            thresholds=thresholds,
            courses=courses_of(
                chunks,
                results / f"leadfield/{operator}-fwd.fif",
                results / "simulation/test/courses.nc",
            ),
            emd_windows=4,  # as tiny.yaml says
        )
        stored = pd.read_parquet(results / f"metrics/test/{method}.parquet")
        pd.testing.assert_frame_equal(stored[again.columns], again, check_exact=True)
        assert again["course_correlation"].between(0, 1).any()


def test_only_methods_that_tell_probabilities_are_judged_by_them(results):
    table = pd.read_csv(results / "tables/calibration.csv")
    assert set(table["method"]) == {"covnet", "ceiling"}
    assert set(table["scenario"]) == {"test", "noisy", "nothing"}
    dipoles = table.groupby(["method", "scenario"])["dipoles"].sum()
    assert dipoles["covnet", "test"] == 2 * dipoles["covnet", "noisy"]
    assert dipoles["ceiling", "test"] == 4 * 132, "the first windows only"
    assert "How sure" in (results / "report.html").read_text()


def test_named_sources_are_judged_and_nothing_is_told_from_something(results):
    sources = pd.read_csv(results / "tables/sources.csv").set_index(["scenario", "method"])
    assert sources.loc[("test", "ceiling"), "windows"] == 4
    assert sources.loc[("test", "ceiling"), "found"] > 0.5
    numbers = pd.read_csv(results / "tables/numbers.csv")
    assert set(numbers[numbers["scenario"] == "nothing"]["true"]) == {0}
    detection = pd.read_csv(results / "tables/detection.csv")
    assert set(detection["nothing"]) == {"nothing"}
    assert "eeg_rms" in set(detection["method"])
    found = pd.read_csv(results / "tables/found.csv")
    assert set(found["method"]) == {"eloreta", "covnet", "convnet", "convnet_fresh", "ceiling"}
    assert "Is anything there" in (results / "report.html").read_text()


def test_brains_show_every_scenario_and_method(results):
    page = (results / "brains/scenarios.html").read_text()
    scenes = json.loads(re.search(r'id="about">(.*?)</script>', page)[1])["scenes"]
    assert {one["key"][0] for one in scenes} == {"A", "E"}
    assert all(one["truth"]["centres"] for one in scenes)
    shown = {one["label"] for scene in scenes for one in scene["shown"]}
    assert shown == {
        "CovNet",
        "ConvNet",
        "ConvNet, fresh",
        "sLORETA",
        "MNE",
        "eLORETA",
        "LAURA",
        "What the data allow",
    }
    assert 'href="brains/scenarios.html#A"' in (results / "report.html").read_text()


def test_the_head_is_judged_on_one_page(results):
    page = html.unescape((results / "anatomy/head.html").read_text())
    assert len(page) < 8e6 and page.count('type="range"') == 3
    found = pd.read_csv(results / "anatomy/findings.tsv", sep="\t")
    told = (results / "logs/judge_head.log").read_text().splitlines()
    for name in found["name"]:
        assert name in page and any(name in line for line in told)
    assert 'href="anatomy/head.html"' in (results / "report.html").read_text()


def test_report_is_one_page_with_everything(results):
    page = (results / "report.html").read_text()
    assert page.count("data:image/png;base64,") >= 6
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page
    for words in ("Table IX", "Figure 2", "train_network", "boost: 10", "snakemake"):
        assert words in page, words
