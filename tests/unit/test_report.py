"""The report page: whole, self-contained, linked, escaped, and honest about what is missed."""

import base64
import re

import numpy as np
import pandas as pd
import pytest
from report_case import PNG, Page, comparison

from multisource.errors import UserError
from multisource.evaluation.tables import best_methods
from multisource.report.checks import study_checks
from multisource.report.page import ScenarioResult, Section, render_report
from multisource.report.picture import Picture
from multisource.report.tables import ComparisonTable
from multisource.report.timings import timings_per_rule


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


LINEAR = ("mne", "eloreta")


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
    checks = study_checks(medians(), linear=LINEAR)
    assert len(checks) == 7
    assert all(check.met for check in checks)


def test_what_the_data_allow_may_be_ahead_of_the_network():
    table = medians()
    table.loc["ceiling"] = [1.0, 1.0, 0.97, 0.0]
    assert all(check.met for check in study_checks(table, linear=LINEAR))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"convnet__fraction_active": 0.49}, "ConvNet has a higher FractionActive"),
        ({"eloreta__auc_close": 0.7, "eloreta__auc_far": 0.8}, "eLORETA's AUC"),
        ({"random__auc_close": 0.55}, "Random: AUC"),
        ({"random__dr_least": 0.5}, "Random: DR_least"),
        ({"perfect__auc_far": 0.99}, "Perfect: AUC"),
        ({"perfect__dr_least": 0.001}, "Perfect: DR_least"),
        ({"perfect__fraction_active": 0.999}, "Perfect: FractionActive"),
    ],
)
def test_a_missed_expectation_is_named_at_the_top(changes, word):
    checks = study_checks(medians(**changes), linear=LINEAR)
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
