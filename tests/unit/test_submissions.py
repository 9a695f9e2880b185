"""Estimates made elsewhere: the frozen set, the check of a submission, and its scores."""

import importlib.util
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from config_case import changed, default, mistakes
from realism_case import ELECTRODES, GAIN, PLAIN, POSITIONS, E, simulate
from snakemake.utils import update_config

from multisource.anatomy.source_table import SourceTable, write_source_table
from multisource.config.study import scored
from multisource.errors import UserError
from multisource.evaluation.heads import between, heads_table
from multisource.evaluation.score import score, thresholds_of
from multisource.leadfield.forward import Leadfield
from multisource.report.submissions import made_elsewhere
from multisource.simulation.chunks import write_chunk
from multisource.submissions import frozen as sets
from multisource.submissions.__main__ import main
from multisource.submissions.card import Card, known_operators, read_card
from multisource.submissions.scoring import check, expected_of, write_scores
from multisource.submissions.windows import expected_windows

REPOSITORY = Path(__file__).parents[2]
NOTHING = replace(PLAIN, n_patches=(0, 0))
SETTINGS = {"test": PLAIN, "nothing": NOTHING, "validation": PLAIN}
MADE = {"test": ["fem"]}


@pytest.fixture(scope="module")
def example():
    """The program of the documentation, which knows nothing of this package."""
    path = REPOSITORY / "docs/submission_example.py"
    assert "multisource." not in path.read_text().partition('"""\n\n')[2]
    spec = importlib.util.spec_from_file_location("submission_example", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def freeze(base: Path) -> Path:
    """Write a small frozen set, as the rule does, and what a random method reaches on it."""
    count = len(POSITIONS)
    normals = np.tile([0.0, 0, 1], (count, 1))
    free = np.zeros((E, count, 3))
    free[..., 2] = GAIN
    leadfield = Leadfield(
        [f"E{k}" for k in range(E)], free.reshape(E, -1), POSITIONS.astype(float), normals
    )
    for name, settings in SETTINGS.items():
        chunk = base / f"simulation/{name}/chunk-0.nc"
        data = simulate(settings, range(8), split=name)
        write_chunk(chunk, data.assign_coords(channel=leadfield.channels))
        sets.write_set(base / "frozen", name, [chunk], windows=6, version="7", states="of its own")
    wall = np.zeros(count, bool)
    sets.write_head(
        base / "frozen/head.nc",
        {"fem": leadfield, "bem": leadfield},
        ELECTRODES,
        wall,
        version="7",
    )
    table = SourceTable(POSITIONS, np.zeros(count, int), np.arange(count), wall)
    write_source_table(base / "frozen/sources.tsv", table)
    files = [path for path in (base / "frozen").rglob("*") if path.is_file()]
    sets.write_checksums(base / "frozen", (str(p.relative_to(base / "frozen")) for p in files))
    others = base / "frozen/others"
    others.mkdir()
    chunks = [base / "simulation/test/chunk-0.nc"]
    maps = np.random.default_rng(0).random((6, count)).astype(np.float32)
    random = base / "random.nc"
    xr.Dataset({"estimate": (("sample", "dipole"), maps)}).to_netcdf(random, engine="h5netcdf")
    thresholds = thresholds_of(
        random, [base / "simulation/validation/chunk-0.nc"], base / "frozen/sources.tsv"
    )
    metrics = score(random, chunks, base / "frozen/sources.tsv", thresholds=thresholds)
    metrics = metrics.assign(scenario="test", method="random")
    metrics.to_parquet(others / "metrics.parquet")
    known = {"random": {"test": ["bem"]}}
    heads = heads_table(metrics, MADE, known, between({"fem": leadfield, "bem": leadfield}))
    heads.to_csv(others / "heads.csv", index=False)
    return base / "frozen"


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    return freeze(tmp_path_factory.mktemp("set"))


@pytest.fixture(scope="module")
def solved(frozen, example, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rival") / "rival"
    example.solve(frozen, folder)
    return folder


@pytest.fixture
def submission(solved, tmp_path):
    """A copy to spoil."""
    return Path(shutil.copytree(solved, tmp_path / "rival"))


def test_the_truth_is_kept_apart_and_nothing_else_is_lost(frozen):
    chunk = frozen.parent / "simulation/test/chunk-0.nc"
    with (
        xr.open_dataset(frozen / "windows/test.nc") as windows,
        xr.open_dataset(frozen / "truth/test.nc") as truth,
        xr.open_dataset(frozen / "windows/validation.nc") as validation,
        xr.open_dataset(chunk, engine="h5netcdf") as made,
    ):
        assert set(windows.data_vars) == {"eeg"} and windows["eeg"].attrs["units"] == "V"
        np.testing.assert_array_equal(windows["eeg"], made["eeg"][:6])
        end = int(made["truth_offset"][6])
        np.testing.assert_array_equal(truth["truth_dipole"], made["truth_dipole"][:end])
        assert "eeg" not in truth and "centre" in validation and "eeg" in validation
        assert windows.attrs["states"] == "of its own" and windows.attrs["version"] == "7"


def test_the_same_windows_give_the_same_bytes(frozen, tmp_path):
    again = freeze(tmp_path)
    listed = sets.read_checksums(frozen / sets.CHECKSUMS)
    assert "windows/test.nc" in listed and len(listed) == 7
    sets.check_checksums(again, listed)
    with (again / "windows/test.nc").open("r+b") as file:
        file.seek(5000)
        file.write(b"\1\2\3")
    (again / "truth/test.nc").unlink()
    with pytest.raises(UserError) as refused:
        sets.check_checksums(again, listed)
    lines = str(refused.value).splitlines()
    assert len(lines) == 2 and "truth/test.nc: missing" in lines[0] and "SHA-256" in lines[1]
    with pytest.raises(UserError, match=r"^\S*windows/test.nc: not the file"):
        sets.check_checksums(again, listed, hidden=False)


def test_the_published_list_is_of_the_benchmark_s_windows():
    """Other windows are another version, with a list of its own."""
    merged = default()
    update_config(merged, yaml.safe_load((REPOSITORY / "config/benchmark.yaml").read_text()))
    version = merged["evaluation"]["frozen"]["version"]
    listed = sets.read_checksums(REPOSITORY / f"resources/benchmark-{version}.sha256")
    names = scored(merged)
    truth = {f"truth/{name}.nc" for name in names if name != "validation"}
    assert set(listed) == truth | {f"windows/{name}.nc" for name in names} | {
        "head.nc",
        "sources.tsv",
    }


def test_a_study_and_its_frozen_set_expect_the_same(frozen):
    chunks = {name: [frozen.parent / f"simulation/{name}/chunk-0.nc"] for name in SETTINGS}
    assert expected_windows(chunks, 6) == expected_of(frozen)
    assert len({one.identity for one in expected_of(frozen).values()}) == 3
    assert expected_windows(chunks, 5)["test"].identity != expected_of(frozen)["test"].identity


def test_the_example_is_scored_beside_the_others(frozen, solved, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["submissions", "score", str(solved), str(frozen)])
    main()
    assert "| rival " in capsys.readouterr().out
    kept = pd.read_parquet(solved / "scores/metrics.parquet")
    sources = frozen / "sources.tsv"
    files = [[frozen.parent / f"simulation/{name}/chunk-0.nc"] for name in ("validation", "test")]
    thresholds = thresholds_of(solved / "validation.nc", files[0], sources)
    # As the workflow scores the maps of any method.
    own = score(solved / "test.nc", files[1], sources, thresholds=thresholds)
    part = kept[kept["scenario"] == "test"].reset_index(drop=True)
    pd.testing.assert_frame_equal(part[own.columns], own)
    table = pd.read_csv(solved / "scores/heads.csv").set_index(["method", "metric"])
    row = table.loc["rival", "fraction_active"]
    assert row["value"] == pytest.approx(own["fraction_active"].median())
    assert row["given"] == "bem" and row["rdm"] == 0 and not row["seen"]
    # It sees the EEG through the true leadfield: far above a random map.
    assert row["value"] > 3 * table.loc["random", "fraction_active"]["value"]
    assert "| rival " in (solved / "scores/heads.md").read_text()
    assert (solved / "scores/heads.png").stat().st_size > 10_000
    listed = pd.read_csv(solved / "scores/submissions.csv")
    assert listed.loc[0, "authors"] == "The example of the documentation"
    (section,) = made_elsewhere(solved / "scores/submissions.csv")
    assert section.frames[0][1].loc[0, "knows"] == "bem" and made_elsewhere(None) == []


def test_netcdf_of_any_kind_and_probabilities(frozen, submission):
    with xr.open_dataset(submission / "test.nc") as data:
        data.load()
    data["coefficient"] = data["estimate"] / 2
    (submission / "test.nc").unlink()
    data.to_netcdf(submission / "test.nc", engine="scipy")
    assert check(submission, frozen).operator == "bem"
    table = write_scores(submission, frozen, name="other")
    assert set(table["method"]) == {"random", "other"}


def spoil(submission, name="test", **change):
    with xr.open_dataset(submission / f"{name}.nc") as data:
        data.load()
    (submission / f"{name}.nc").unlink()
    maps, attrs = data["estimate"].values, dict(data.attrs)
    dims = change.get("dims", ("sample", "dipole"))
    attrs |= change.get("attrs", {})
    maps = change.get("maps", lambda one: one)(maps.copy())
    attrs = {key: value for key, value in attrs.items() if value is not None}
    xr.Dataset({change.get("called", "estimate"): (dims, maps)}, attrs=attrs).to_netcdf(
        submission / f"{name}.nc"
    )


def with_value(value):
    def change(maps):
        maps[4, 7] = value
        return maps

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"maps": np.transpose}, r"test.nc: estimate: shape \(300, 6\); write .* = \(6, 300\)"),
        ({"maps": lambda m: m[:5]}, r"shape \(5, 300\)"),
        ({"dims": ("dipole", "sample")}, r"dimensions \('dipole', 'sample'\); call them"),
        ({"maps": with_value(np.nan)}, "not finite in window 4"),
        ({"maps": with_value(-1)}, "below 0 in window 4; write how active"),
        ({"called": "map"}, r"no variable 'estimate' \(it holds map\)"),
        ({"attrs": {"identity": None}}, "no attribute 'identity'; copy it"),
        ({"attrs": {"identity": "0" * 16}}, "identity '0000000000000000'; the windows here are"),
    ],
)
def test_mistakes_are_named_in_a_line(frozen, submission, change, words):
    spoil(submission, **change)
    with pytest.raises(UserError, match=words) as refused:
        check(submission, frozen)
    assert len(str(refused.value).splitlines()) == 1


def test_missing_and_unknown_files_are_named(frozen, submission):
    (submission / "nothing.nc").rename(submission / "nothin.nc")
    (submission / "validation.nc").write_bytes(b"no NetCDF")
    with pytest.raises(UserError) as refused:
        check(submission, frozen)
    lines = str(refused.value).splitlines()
    assert len(lines) == 3
    assert "nothin.nc: no test set of this name: did you mean 'nothing'?" in lines[0]
    assert "nothing.nc: missing; write a map for each of its 6 windows" in lines[1]
    assert "validation.nc: no NetCDF file that xarray opens" in lines[2]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("authors: 3", "authors: 3; write a list of names"),
        ("autors: [A]", "unknown key 'autors': did you mean 'authors'?"),
        ("told: ''", "missing key 'told'; write it, even if it is 'nothing'"),
        ("operator: bme", "operator: 'bme': did you mean 'bem'?"),
        ("cpu_s_window: -1", "cpu_s_window: -1; give seconds, 0 or more"),
    ],
)
def test_a_card_says_who_and_what(tmp_path, line, words):
    lines = {"method": "m", "authors": "[A, B]", "operator": "bem", "told": "nothing"}
    key, _, value = line.partition(": ")
    text = "".join(f"{k}: {v}\n" for k, v in (lines | {key: value}).items())
    (tmp_path / "submission.yaml").write_text(text)
    with pytest.raises(UserError) as refused:
        read_card(tmp_path, ("fem", "bem"))
    assert words in str(refused.value) and len(str(refused.value).splitlines()) == 1


def test_what_a_submission_knew():
    made = {"test": ["fem"], "test_bem": ["bem"]}
    card = Card("m", ("A",), "own", "nothing")
    assert known_operators(card, made) == made
    assert known_operators(replace(card, operator="fem"), made) == dict.fromkeys(made, ["fem"])
    assert known_operators(replace(card, operator="other"), made) == dict.fromkeys(made, [])


def test_a_study_refuses_wrong_submissions_before_any_job(solved, tmp_path):
    def lines(name, folder):
        return mistakes(changed("evaluation.submissions", {name: str(folder)}), tmp_path)

    (line,) = lines("eloreta", solved)
    assert "'eloreta' is the name of a solver too" in line
    (line,) = lines("rival", tmp_path / "nowhere")
    assert line.startswith("config: evaluation.submissions.rival: folder") and "not exist" in line
    (line,) = lines("rival", tmp_path)
    assert "submission.yaml: missing" in line
    (line,) = lines("rival", solved)
    assert "has no maps of test_bem, test_noise, nothing_artefacts, A" in line
