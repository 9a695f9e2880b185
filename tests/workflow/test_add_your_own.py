"""The examples of docs/add-your-own.md, taken word by word, make a study."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

pytestmark = pytest.mark.long

PAGE = (Path(__file__).parents[2] / "docs/add-your-own.md").read_text(encoding="utf-8")
BLOCK = r":\n\n```\w+\n(.*?)```"
FILES = re.findall(r"`([\w/.]+\.(?:py|json))`" + BLOCK, PAGE, re.S)
LINES = re.findall(r"A line in `(\w+)`, `([\w/.]+)`" + BLOCK, PAGE, re.S)
PACKAGE = "src/multisource"
CONFIGS = re.findall("In the configuration" + BLOCK, PAGE, re.S)


def merge(into: dict, update: dict) -> None:
    for key, value in update.items():
        if isinstance(value, dict):
            merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


def follow_the_page(folder: Path) -> str:
    """Do what the page says in a copy of the repository; return the configuration's name."""
    lines = {path for _, path, _ in LINES}
    for path, text in FILES:
        if path not in lines:
            place = folder / PACKAGE if path.endswith(".py") else folder
            (place / path).write_text(text, encoding="utf-8")
    for registry, path, line in LINES:
        module = folder / PACKAGE / path
        source = module.read_text(encoding="utf-8")
        start = source.index(f"{registry} = Registry(")
        first = source.index("\n    {\n", start) + len("\n    {\n")
        module.write_text(source[:first] + line + source[first:], encoding="utf-8")
    config = yaml.safe_load((folder / "tiny.yaml").read_text())
    # Slow, or more of the same, and no part of the examples.
    config["inverse"]["solvers"].remove("ceiling")
    config["evaluation"]["test_splits"] = ["noisy"]
    for split in config["simulation"]["splits"].values():
        split["chunk_size"] = split["samples"]
    for text in CONFIGS:
        merge(config, yaml.safe_load(text))
    (folder / "mine.yaml").write_text(yaml.safe_dump(config))
    return "mine.yaml"


def test_every_kind_has_an_example():
    assert {registry for registry, _, _ in LINES} == set(re.findall(r"\| `([A-Z_]+)` in", PAGE))
    assert len(LINES) == len(CONFIGS) >= 6


def test_the_examples_make_a_study_and_stand_in_every_table(fresh):
    config = follow_the_page(fresh.folder)
    run = fresh.snakemake("--cores", "2", config=config)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-6000:]
    results = fresh.folder / "results/me"
    tables = sorted((results / "tables").glob("table-*.csv"))
    assert tables
    for path in tables:
        table = pd.read_csv(path).set_index("method")
        for method in ("tikhonov", "covariance"):
            assert np.isfinite(table.loc[method, "ours"]).any(), path
    table = pd.read_csv(results / "tables/table-IX.csv").set_index(["method", "metric"])["ours"]
    # A solver beats a random map.
    assert table["tikhonov", "auc_close"] > table["random", "auc_close"] + 0.1
    page = (results / "report.html").read_text()
    assert "tikhonov" in page and "covariance" in page
    landmarks = json.loads((results / "anatomy/head.json").read_text())["fiducials"]
    assert landmarks == json.loads((fresh.folder / "landmarks.json").read_text())
    for path in sorted((results / "simulation").glob("*/chunk-*.nc")):
        with xr.open_dataset(path, engine="h5netcdf") as chunk:
            beats = chunk["disturbed"].sel(disturbance="heartbeat").values
        assert 0.1 < beats.mean() < 0.9, path
    # The sphere's check is of the same source model and solver.
    sphere = pd.read_csv(results / "leadfield/sphere.csv")
    deep = sphere[(sphere["operator"] == "FEM") & (sphere["eccentricity"] < 0.8)]
    assert deep["rdm"].median() < 0.1
    assert fresh.planned(config=config) == {}
