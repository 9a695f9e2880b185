"""The report page: whole, self-contained, linked, escaped, and honest about what is missed."""

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from multisource.anatomy.electrodes import Electrodes
from multisource.errors import UserError
from multisource.evaluation.detection import COLUMNS as DETECTION_COLUMNS
from multisource.evaluation.heads import STATISTICS
from multisource.evaluation.sources import NUMBER_COLUMNS
from multisource.evaluation.tables import best_methods
from multisource.judging.findings import CARE, Finding, write_findings
from multisource.montage.placement import Placed
from multisource.montage.record import write_placement
from multisource.report.checks import study_checks
from multisource.report.page import ScenarioResult, Section, render_report
from multisource.report.picture import Picture
from multisource.report.study import StudyFiles, study_report
from multisource.report.tables import ComparisonTable
from multisource.report.timings import timings_per_rule

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
CONFIG = {
    "head": "fsaverage",
    "seed": 7,
    "anatomy": {"provider": "fsaverage"},
    "network": {"networks": ["net"]},
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


def report(**changes):
    picture = Picture(PNG, "Blue dots: truth.", "two brains")
    arguments = {
        "title": "Multi-source EEG localization",
        "facts": {"Head": "fsaverage", "Windows": "600"},
        "headline": comparison("V", "test"),
        "results": [
            ScenarioResult("test", [picture], [comparison("IX", "test")]),
            ScenarioResult("A", [picture], [comparison("I", "A")]),
            ScenarioResult("mine", [], [comparison("X", "mine")]),
        ],
        "sections": [
            Section("Head and leadfields", "Operator A and B.", [picture]),
            Section(
                "Timings",
                frames=[("Per rule", pd.DataFrame({"rule": ["train"], "wall time (s)": [61.234]}))],
            ),
        ],
        "config": {"seed": 1, "name": "</pre><script>alert(1)</script>", "snr": np.float64(3)},
        "versions": {"Python": "3.11"},
    }
    return render_report(**(arguments | changes))


def test_page_is_well_formed_and_needs_nothing_from_outside():
    text = report()
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert (
        page.values("src", "img") == ["data:image/png;base64," + base64.b64encode(PNG).decode()] * 3
    )
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "iframe")]
    assert not re.search(r"(https?:)?//[a-z]", re.sub(r"data:image[^\"]*", "", text))
    assert "url(" not in text and "@import" not in text


def test_contents_lead_to_existing_places():
    page = Page(report())
    places = page.values("id")
    assert len(places) == len(set(places))
    links = page.values("href")
    assert [link[1:] for link in links if link[1:] not in places] == []
    for goal in ("summary", "scenario-A", "scenario-mine", "head-and-leadfields", "software"):
        assert f"#{goal}" in links


def test_pictures_and_tables_are_accessible():
    page = Page(report())
    images = [a for tag, a in page.tags if tag == "img"]
    assert all(a["alt"] == "two brains" for a in images)
    tables = sum(tag == "table" for tag, _ in page.tags)
    assert sum(tag == "caption" for tag, _ in page.tags) == tables
    assert all("scope" in a for tag, a in page.tags if tag == "th")
    assert ("html", {"lang": "en"}) in page.tags


def test_what_users_write_is_escaped():
    text = report(title="a < b & c", notes=["<b>note</b>"])
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "a &lt; b &amp; c" in text
    assert "&lt;b&gt;note&lt;/b&gt;" in text


def test_configuration_reads_back_as_it_was():
    import html

    import yaml

    block = re.search(r"<pre[^>]*>(.*?)</pre>", report(), re.S).group(1)
    assert yaml.safe_load(html.unescape(block)) == {
        "seed": 1,
        "name": "</pre><script>alert(1)</script>",
        "snr": 3.0,
    }


def test_best_values_are_bold_ours_and_the_papers():
    page = Page(report(headline=None, results=[ScenarioResult("A", [], [comparison()])]))
    bold = [text for text, strong in page.cells if strong]
    # ConvNet and MNE print the same AUC, so both are best; Random and Perfect never are.
    assert bold == ["0.911", "0.041", "0.911", "0.912", "0.044"]
    assert ("0.899–0.922", False) in page.cells
    assert ("–", False) in page.cells  # the paper has no such value


def test_a_table_without_the_papers_values_has_no_empty_columns():
    table = comparison()
    table.values["paper"] = np.nan
    text = report(headline=None, results=[ScenarioResult("A", [], [table])])
    assert 'class="paper"' not in text
    assert "–</td>" not in text


def test_a_dagger_marks_what_a_test_cannot_tell_apart():
    table = comparison()
    table.values["p_holm"] = [np.nan, 1e-9, np.nan, 0.051, 0.049] * 2
    page = Page(report(headline=None, results=[ScenarioResult("A", [], [table])]))
    places = [k for k, (text, _) in enumerate(page.cells) if text == "†"]
    assert [page.cells[k - 1][0] for k in places] == ["0.911", "0.044"]


def test_best_is_the_lowest_where_low_is_better():
    values = pd.DataFrame(
        {
            "method": ["random", "perfect", "convnet", "mne", "laura"],
            "metric": "pas_mm",
            "ours": [66.0, 11.0, 12.04, 11.96, 14.0],
            "paper": np.nan,
        }
    )
    assert best_methods(values, "pas_mm", "ours") == {"convnet", "mne"}  # both print 12.0
    assert best_methods(values, "pas_mm", "paper") == set()


def test_incomplete_table_is_refused():
    with pytest.raises(UserError, match="table I: column paper is missing"):
        ComparisonTable("I", "A", "", pd.DataFrame({"method": [], "metric": [], "ours": []}))


def medians(**changes):
    table = pd.DataFrame(
        {
            "auc_close": {"random": 0.5, "perfect": 1.0, "convnet": 0.95, "mne": 0.84},
            "auc_far": {"random": 0.51, "perfect": 1.0, "convnet": 0.96, "mne": 0.85},
            "fraction_active": {"random": 0.05, "perfect": 1.0, "convnet": 0.7, "mne": 0.35},
            "dr_least": {"random": 0.68, "perfect": 0.0, "convnet": 0.05, "mne": 0.28},
        }
    )
    table.loc["eloreta"] = [0.91, 0.91, 0.5, 0.17]
    for name, value in changes.items():
        method, metric = name.split("__")
        table.loc[method, metric] = value
    return table


def test_all_expectations_met():
    checks = study_checks(medians())
    assert len(checks) == 7
    assert all(check.met for check in checks)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"convnet__fraction_active": 0.49}, "ConvNet has the highest FractionActive"),
        ({"eloreta__auc_close": 0.7, "eloreta__auc_far": 0.8}, "eLORETA's AUC"),
        ({"random__auc_close": 0.55}, "Random: AUC"),
        ({"random__dr_least": 0.5}, "Random: DR_least"),
        ({"perfect__auc_far": 0.99}, "Perfect: AUC"),
        ({"perfect__dr_least": 0.001}, "Perfect: DR_least"),
        ({"perfect__fraction_active": 0.999}, "Perfect: FractionActive"),
    ],
)
def test_a_missed_expectation_is_named_at_the_top(changes, word):
    checks = study_checks(medians(**changes))
    missed = [check for check in checks if not check.met]
    assert [check.expected.startswith(word) for check in missed] == [True]
    text = report(checks=checks)
    assert text.index("1 of 7 expectations is not met") < text.index('id="table-V"')
    assert "missed</td>" in text


def test_expectations_of_methods_that_did_not_run_are_left_out():
    assert study_checks(medians().drop(index=["random", "perfect", "convnet", "mne"])) == []


def test_timings_add_up_and_short_jobs_count_as_zero():
    def job(s, cpu, rss):
        return pd.DataFrame({"s": [s], "max_rss": [rss], "cpu_time": [cpu]})

    table = timings_per_rule(
        {
            "simulate_chunk": [job(10.0, 18.5, 900.0), job(14.0, 20.5, 1100.0)],
            "make_tables": [job(0.4, "NA", "-")],
        }
    )
    assert list(table["rule"]) == ["simulate_chunk", "make_tables", "all rules"]
    first, short, total = (row for _, row in table.iterrows())
    assert (first["jobs"], first["wall time (s)"], first["longest job (s)"]) == (2, 24.0, 14.0)
    assert (first["CPU time (s)"], first["peak memory (MB)"]) == (39.0, 1100.0)
    assert (short["CPU time (s)"], short["peak memory (MB)"]) == (0.0, 0.0)
    assert (total["jobs"], total["wall time (s)"]) == (3, pytest.approx(24.4))
    assert total["peak memory (MB)"] == 1100.0
    assert timings_per_rule({}).empty


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
