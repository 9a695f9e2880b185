"""A frozen set of the tiny study, and a submission that it takes into its tables."""

import importlib.util
from pathlib import Path

import pandas as pd
import yaml
from conftest import passed

from multisource.submissions import frozen as sets

REPOSITORY = Path(__file__).parents[2]


def test_a_submission_stands_beside_the_methods(study_copy):
    results = study_copy.folder / "results/fsaverage"
    frozen = {"version": "tiny", "windows": 10}
    tables = [f"results/fsaverage/tables/{name}.csv" for name in ("heads", "submissions")]
    sums = "results/fsaverage/frozen/SHA256SUMS"
    config = study_copy.with_config("evaluation", "frozen", value=frozen)
    passed(study_copy.snakemake("--cores", "1", "--", sums, config=config))
    assert sets.sets_of(results / "frozen") == ["A", "E", "noisy", "nothing", "test", "validation"]
    sets.check_checksums(results / "frozen", sets.read_checksums(study_copy.folder / sums))
    assert sets.described(results / "frozen", "noisy")["states"].endswith("snr_db [5, 20]")

    spec = importlib.util.spec_from_file_location("one", REPOSITORY / "docs/submission_example.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    example.solve(results / "frozen", study_copy.folder / "rival")
    settings = yaml.safe_load((study_copy.folder / config).read_text())
    settings["evaluation"]["submissions"] = {"rival": "rival"}
    (study_copy.folder / "with.yaml").write_text(yaml.safe_dump(settings))
    passed(study_copy.snakemake("--cores", "1", "--", *tables, config="with.yaml"))
    heads = pd.read_csv(results / "tables/heads.csv").set_index(["method", "test", "metric"])
    row = heads.loc["rival", "test", "fraction_active"]
    assert row["given"] == "bem" and row["n"] == 10 and not row["seen"]
    # Of ten windows, as the same kind of solver on them all: an average map finds active dipoles.
    assert row["value"] > heads.loc["random", "test", "fraction_active"]["value"]
    listed = pd.read_csv(results / "tables/submissions.csv")
    assert listed["submission"].tolist() == ["rival"] and listed["operator"].tolist() == ["bem"]
    # A changed estimate is followed, and the rest of the study takes the submission too.
    planned = study_copy.planned(config="with.yaml")
    assert {"make_tables", "render_report"} <= planned.keys()
    assert not {"take_submission", "solve_scenarios", "freeze_windows"} & planned.keys()
