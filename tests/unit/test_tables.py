"""Tables I-IX: every value of the paper in its place, ours beside it, readable in three formats."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from multisource.errors import UserError
from multisource.evaluation.names import METHODS, METRICS, method_label, metric_label
from multisource.evaluation.tables import build_table, caption, to_latex, to_markdown

PAPER = pd.read_csv(Path(__file__).parents[2] / "resources" / "paper-tables.csv")
NUMBERS = list(dict.fromkeys(PAPER["table"]))


def our_summary(shift=0.01):
    """A summary that lies ``shift`` above the paper's values."""
    ours = PAPER.rename(columns={"value": "median"}).drop(columns="table")
    ours = ours.drop_duplicates(["scenario", "method", "metric"]).copy()
    ours["median"] += shift
    return ours.assign(low=ours["median"] - 0.02, high=ours["median"] + 0.02, n=600, confidence=0.9)


def test_the_papers_values_are_complete():
    assert NUMBERS == ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"]
    sizes = PAPER.groupby("table").size()
    # Methods times columns, counted in the paper.
    assert sizes.to_dict() == {
        **dict.fromkeys(["I", "II", "IV", "VIII"], 12 * 6),
        "III": 12 * 7,
        "V": 5 * 5,
        **dict.fromkeys(["VI", "VII"], 12 * 5),
        "IX": 12 * 7,
    }
    assert not PAPER.duplicated(["table", "method", "metric"]).any()


@pytest.mark.parametrize("number", NUMBERS)
def test_table_holds_both_values(number):
    table = build_table(number, PAPER, our_summary())
    chosen = PAPER[PAPER["table"] == number]
    assert table.paper.tolist() == chosen.value.tolist()
    assert table.method.tolist() == chosen.method.tolist()
    np.testing.assert_allclose(table.difference, 0.01, atol=1e-12)


def test_extra_methods_follow_and_missing_values_are_dashes():
    summary = our_summary()
    extra = summary[(summary.scenario == "A") & (summary.method == "mne")].assign(
        method="mne_fixed"
    )
    summary = pd.concat([summary[summary.method != "laura"], extra])
    table = build_table("I", PAPER, summary, extra_methods=("mne_fixed",))
    text = to_markdown(table)
    rows = {line.split("|")[1].strip(): line for line in text.splitlines() if "|" in line}
    assert "– (0.487; –)" in rows["LAURA"]
    assert "[0.902, 0.942] (–)" in rows["MNE, fixed"]
    assert list(rows)[-1] == "MNE, fixed"


def test_markdown_marks_the_best_but_not_the_references():
    text = to_markdown(build_table("IX", PAPER, our_summary()))
    rows = {line.split("|")[1].strip(): line for line in text.splitlines() if "|" in line}
    assert rows["ConvNet"].count("**") == 2 * 7
    assert all("**" not in rows[name] for name in ("Perfect", "Random", "eLORETA"))
    assert "**0.983** [0.963, 1.003] (0.973; +0.010)" in rows["ConvNet"]


def test_millimetres_have_one_digit_and_less_is_better():
    text = to_markdown(build_table("VI", PAPER, our_summary()))
    assert "**15.0** [15.0, 15.0] (15.0; +0.0)" in text
    # Lower PAS is better: 15 is marked at MNE and LORETA, 28 nowhere.
    assert text.count("**15.0**") == 2 and "**28.0**" not in text


def test_tests_enter_the_table():
    comparison = PAPER[PAPER["table"] == "I"][["scenario", "method", "metric"]]
    comparison = comparison[comparison.method != "convnet"].assign(
        p_holm=1e-9, effect=-0.5, reference="eloreta"
    )
    same = (comparison.method == "mne") & (comparison.metric == "auc_far")
    comparison.loc[same, "p_holm"] = 0.3
    table = build_table("I", PAPER, our_summary(), comparison)
    assert table.effect.count() == 11 * 6
    assert to_markdown(table).count(" n.s. ") == 1
    assert "[90 % bootstrap interval]" in caption(table)
    assert "n.s.: not different from eLORETA (paired Wilcoxon" in caption(table)
    assert "Wilcoxon" not in caption(build_table("I", PAPER, our_summary()))


@pytest.mark.parametrize("number", NUMBERS)
def test_latex_is_well_formed(number):
    text = to_latex(build_table(number, PAPER, our_summary()))
    assert text.count("{") == text.count("}")
    assert [len(re.findall(rf"\\{rule}", text)) for rule in ("toprule", "midrule")] == [1, 1]
    body = text.split("\\midrule\n")[1].split("\\bottomrule")[0].strip().splitlines()
    metrics = PAPER[PAPER["table"] == number].metric.nunique()
    assert all(line.count(" & ") == metrics and line.endswith(r"\\") for line in body)
    # Nothing that LaTeX reads as code stays in the cells.
    assert not re.search(r"(?<!\\)[%_#]", text.replace("{%\n", "{\n"))
    assert "**" not in text


def test_latex_prints_names_and_dashes_as_they_are():
    table = build_table("I", PAPER, our_summary(), extra_methods=("50%_a&b#1",))
    text = to_latex(table)
    assert r"50\%\_a\&b\#1 & -- (--)" in text
    assert r"AUC\textsubscript{close}" in text and r"p $\geq$ 0.05" not in text
    assert r"\textbf{0.922} [0.902, 0.942] (0.912; +0.010)" in text
    assert text.index(r"\begin{tabular}") < text.index(r"\toprule")


def test_every_method_and_metric_of_the_paper_has_a_printed_name():
    assert set(PAPER["method"]) <= set(METHODS)
    assert set(PAPER["metric"]) <= set(METRICS)
    assert len(set(METHODS.values())) == len(METHODS)
    assert method_label("mne_my_own") == "MNE, my own"
    assert method_label("convnet_fresh") == "ConvNet, fresh"
    assert method_label("my_own") == "my_own"
    assert metric_label("mine") == "mine"


def test_unknown_table_is_refused():
    with pytest.raises(UserError, match="allowed: I, II"):
        build_table("X", PAPER, our_summary())
