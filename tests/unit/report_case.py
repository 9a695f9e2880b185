"""What tests of the report share: a small study on disk, and a reader of pages."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd

from multisource.anatomy.electrodes import Electrodes
from multisource.evaluation.detection import COLUMNS as DETECTION_COLUMNS
from multisource.evaluation.heads import STATISTICS
from multisource.evaluation.sources import NUMBER_COLUMNS
from multisource.judging.findings import CARE, Finding, write_findings
from multisource.montage.placement import Placed
from multisource.montage.record import write_placement
from multisource.report.study import StudyFiles
from multisource.report.tables import ComparisonTable

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
CONFIG = {
    "head": "fsaverage",
    "seed": 7,
    "anatomy": {"provider": "fsaverage"},
    "network": {"networks": ["net"]},
    "inverse": {"solvers": ["sloreta"], "settings": {"sloreta": {"kind": "sloreta"}}},
    "simulation": {
        "splits": {"train": {"samples": 5000}, "test": {"samples": 40}},
        "scenarios": {"duration_s": 30.0},
    },
    "recordings": {},
    "evaluation": {"confidence": 0.9, "reference": "convnet", "test_splits": []},
}
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Collects what the tests ask of a page, and fails on tags that do not nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.cells = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip() and "tbody" in self.open:
            self.cells.append((data.strip(), "strong" in self.open))

    def values(self, attribute, tag=None):
        return [a[attribute] for t, a in self.tags if attribute in a and tag in (None, t)]


def comparison(number="I", scenario="A"):
    rows = [
        ("random", "auc_close", 0.501, 0.497),
        ("perfect", "auc_close", 1.0, 1.0),
        ("convnet", "auc_close", 0.9111, 0.881),
        ("mne", "auc_close", 0.9112, 0.912),
        ("laura", "auc_close", 0.51, 0.487),
        ("random", "dr_least", 0.61, 0.598),
        ("perfect", "dr_least", 0.0, 0.0),
        ("convnet", "dr_least", 0.055, 0.041),
        ("mne", "dr_least", 0.044, 0.056),
        ("laura", "dr_least", 0.7, np.nan),
    ]
    values = pd.DataFrame(rows, columns=["method", "metric", "ours", "paper"])
    values["low"], values["high"] = values["ours"] - 0.012, values["ours"] + 0.011
    return ComparisonTable(number, scenario, "Performance measures.", values)


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
