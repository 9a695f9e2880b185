"""The report of a study on disk: what it has is shown, what it lacks is left out."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
from report_case import CONFIG, PNG, Page, comparison

from multisource.anatomy.electrodes import Electrodes
from multisource.evaluation.detection import COLUMNS as DETECTION_COLUMNS
from multisource.evaluation.heads import STATISTICS
from multisource.evaluation.sources import NUMBER_COLUMNS
from multisource.judging.findings import CARE, Finding, write_findings
from multisource.montage.placement import Placed
from multisource.montage.record import write_placement
from multisource.report.study import StudyFiles, study_report


def study_folder(folder):
    """A small finished study on disk, as the rules leave it; pictures need not be pictures."""
    rng = np.random.default_rng(0)
    names = ("auc_close", "auc_far", "fraction_active", "dr_least")
    for name in ("A", "test"):
        (folder / "metrics" / name).mkdir(parents=True)
    for method, level in (("random", 0.5), ("convnet", 0.9), ("mne", 0.7)):
        table = pd.DataFrame({name: rng.normal(level, 0.01, 40) for name in names})
        table.insert(0, "sample", range(40))
        table.insert(0, "method", method)
        table.to_parquet(folder / f"metrics/test/{method}.parquet")
    pictures = ("figures/figure-1", "figures/figure-2", "figures/anatomy", "figures/calibration")
    for picture in (*pictures, "network/net/loss"):
        path = folder / f"{picture}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PNG)
    (folder / "tables").mkdir()
    for number, scenario in (("I", "A"), ("V", "test"), ("IX", "test")):
        values = comparison(number, scenario).values.replace({"perfect": "sloreta"})
        values.loc[values["method"].isin(["sloreta", "laura"]), ["ours", "low", "high"]] = np.nan
        values["p_holm"] = 0.5
        values.to_csv(folder / f"tables/table-{number}.csv", index=False)
    bins = pd.DataFrame({"from": [0.0, 0.5], "to": [0.5, 1.0], "dipoles": [30, 10]})
    bins = bins.assign(said=[0.1, 0.8], active=[0.1, 0.6], error=0.05, windows=40)
    bins = bins.assign(scenario="test", method="covnet")
    bins.to_csv(folder / "tables/calibration.csv", index=False)
    judged = {"windows": 40, "sources": 80, "said": 60, "true": 0.9, "found": 0.7}
    judged |= {"error_mm": 5.5, "radius_80_mm": 9.25, "within_50": 0.5, "within_80": 0.8125}
    judged |= {"within_95": 0.95, "number_right": 0.625}
    one = pd.DataFrame([{"scenario": "test", "method": "covnet", **judged}])
    one.to_csv(folder / "tables/sources.csv", index=False)
    counted = [
        ("test", "covnet", 1, 1, 21),
        ("test", "covnet", 2, 1, 13),
        ("test", "covnet", 2, 2, 6),
    ]
    numbers = pd.DataFrame(counted, columns=list(NUMBER_COLUMNS))
    numbers.to_csv(folder / "tables/numbers.csv", index=False)
    known = {"test": "test", "operator": "fem", "method": "covnet", "given": "fem", "seen": True}
    known |= {"rdm": 0.0, "lnmag": 0.0, "value": 0.8125, "low": 0.75, "high": 0.875, "n": 40}
    every = [known | {"metric": m, "statistic": s} for m, s in STATISTICS.items()]
    pd.DataFrame(every).to_csv(folder / "tables/heads.csv", index=False)
    found = dict.fromkeys(DETECTION_COLUMNS, 0.25)
    found |= {"nothing": "empty", "something": "test", "method": "covnet", "judged_by": "presence"}
    pd.DataFrame([found]).to_csv(folder / "tables/detection.csv", index=False)
    (folder / "anatomy").mkdir()
    electrodes = pd.DataFrame({"name": ["Cz", "Pz", "Oz"], "x": 0.0, "y": 0.0, "z": 100.0})
    electrodes.to_csv(folder / "anatomy/electrodes.tsv", sep="\t", index=False)
    placed = Placed(
        Electrodes(["Cz", "Pz", "Oz"], np.array([[0.0, 0, 100], [0, -50, 80], [0, -90, 0]])),
        before=np.array([[0.0, 0, 104], [0, -50, 81], [0, -92, 0]]),
        from_standard_mm=np.array([3.0, np.nan, 5.0]),
        how="mine.tsv, as stated",
        warnings=["the cap is shifted by 7 mm to the front"],
    )
    write_placement(folder / "anatomy/placement.tsv", folder / "anatomy/placement.json", placed)
    seen = Finding("skull, mean", "1.2 mm", "3.6 to 8.4 mm", "", CARE, "it is thin")
    write_findings(folder / "anatomy/findings.tsv", [seen])
    (folder / "leadfield").mkdir()
    for name in ("comparison", "sphere", "sensitivity", "placement"):
        (folder / f"leadfield/{name}.png").write_bytes(PNG)
    checks = pd.DataFrame({"check": ["RDM"], "value": ["0.2"], "expected": [""], "verdict": ["ok"]})
    checks.to_csv(folder / "leadfield/verification.csv", index=False)
    depth = pd.DataFrame({"depth_mm": [3.0, 12.0, 13.0], "rdm": [0.1, 0.2, 0.3], "lnmag": 0.05})
    depth.to_csv(folder / "leadfield/comparison.csv", index=False)
    (folder / "benchmarks/simulate_chunk").mkdir(parents=True)
    for name in ("build_head", "simulate_chunk/test-0", "simulate_chunk/test-1"):
        text = "s\th:m:s\tmax_rss\tcpu_time\n2.5\t0:00:02\t512.0\t2.0\n"
        (folder / f"benchmarks/{name}.tsv").write_text(text)
    return folder


TABLES = {"I": "A", "V": "test", "IX": "test"}


def study_files(folder, **more):
    """The files of :func:`study_folder` by name."""
    leadfield = folder / "leadfield"
    return StudyFiles(
        tables={name: folder / f"tables/table-{name}.csv" for name in TABLES},
        metrics=sorted((folder / "metrics/test").iterdir()),
        calibration=folder / "tables/calibration.csv",
        reliability=folder / "figures/calibration.png",
        sources=folder / "tables/sources.csv",
        numbers=folder / "tables/numbers.csv",
        detection=folder / "tables/detection.csv",
        heads=folder / "tables/heads.csv",
        heads_picture=folder / "figures/calibration.png",
        found=folder / "figures/calibration.png",
        electrodes=folder / "anatomy/electrodes.tsv",
        electrode_table=folder / "anatomy/placement.tsv",
        electrode_note=folder / "anatomy/placement.json",
        electrode_picture=folder / "figures/anatomy.png",
        comparison=leadfield / "comparison.csv",
        by_operator=leadfield / "comparison.png",
        verification=leadfield / "verification.csv",
        sphere=leadfield / "sphere.png",
        sensitivity=leadfield / "sensitivity.png",
        placement=leadfield / "placement.png",
        anatomy=folder / "figures/anatomy.png",
        judged=folder / "anatomy/findings.tsv",
        head_page="anatomy/head.html",
        eeg=folder / "figures/figure-1.png",
        benchmarks=folder / "benchmarks",
        records=folder,
        **more,
    )


def test_report_of_a_study_on_disk(tmp_path):
    folder = study_folder(tmp_path)
    files = study_files(
        folder,
        scenarios={"A": folder / "figures/figure-2.png"},
        training={"net": folder / "network/net/loss.png"},
    )
    text = study_report(files, config=CONFIG, scenarios=TABLES)
    page = Page(text)
    places = page.values("id")
    assert len(places) == len(set(places))
    assert {"table-I", "table-V", "table-IX"} <= set(places)
    assert len(page.values("src", "img")) == 13
    assert "moved to the scalp by 2.0 mm (median; Cz by 4.0 mm)" in text
    assert "Warning: the cap is shifted by 7 mm to the front." in text
    assert "This head is usable with care; skull, mean: 1.2 mm; it is thin." in text
    assert "anatomy/head.html" in page.values("href", "a")
    assert "how-sure" in places
    assert "0.812° [0.750, 0.875]" in text and "inverse crime" in text
    facts = re.sub(r"<[^>]*>", " ", text[text.index("<dl") : text.index("</dl>")]).split()
    assert facts[facts.index("Electrodes") + 1] == "3"
    assert facts[facts.index("Dipoles") + 1] == "3"
    assert "90 % intervals" in text and "no difference from ConvNet" in text
    cells = [cell for cell, _ in page.cells]
    row = cells.index("simulate_chunk")
    assert cells[row : row + 4] == ["simulate_chunk", "2", "5", "2.5"]
    assert cells.index("10 to 15") < cells.index("all depths")


def test_parts_that_a_study_lacks_are_left_out(tmp_path):
    folder = study_folder(tmp_path)
    files = study_files(folder)
    moved = tmp_path / "elsewhere.csv"
    files.tables["I"].rename(moved)
    files = replace(files, tables={"I": moved})
    page = Page(study_report(files, config=CONFIG, scenarios=TABLES))
    # Neither a scenario's picture, a training, boxes of the test set nor a recording.
    assert len(page.values("src", "img")) == 10
    assert "table-I" in page.values("id") and "table-V" not in page.values("id")


def test_report_says_which_sources_and_whether_there_are_any(tmp_path):
    files = study_files(study_folder(tmp_path))
    text = study_report(files, config=CONFIG, scenarios=TABLES)
    assert "Which sources, and how far off" in text and "Is anything there" in text
    # Rows are true numbers, columns said ones; what does not occur is none.
    numbers = text[text.index("How many sources were said") :]
    row = numbers[numbers.index(">2<") :][:400]
    assert row.index(">13<") < row.index(">6<")
    assert "0.812" in text and "presence" in text


def test_report_without_named_sources_has_no_such_sections(tmp_path):
    folder = study_folder(tmp_path)
    for name in ("sources", "detection"):
        path = folder / f"tables/{name}.csv"
        path.write_text(path.read_text().splitlines()[0] + "\n")
    text = study_report(study_files(folder), config=CONFIG, scenarios=TABLES)
    assert "Which sources" not in text and "Is anything there" not in text
