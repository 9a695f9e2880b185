"""Every method on every test set: what each knew, how far off that was, and how it is printed."""

import numpy as np
import pandas as pd
import pytest

from multisource.errors import UserError
from multisource.evaluation.heads import (
    STATISTICS,
    between,
    between_listed,
    differences_frame,
    heads_markdown,
    heads_table,
    metric_frame,
)
from multisource.figures.heads import heads_figure
from multisource.leadfield.compare import lnmag, rdm
from multisource.leadfield.forward import Leadfield

MADE = {"test": ["fem"], "test_soft_skull": ["soft_skull"], "test_both": ["bem", "soft_skull"]}
GIVEN = {
    "random": dict.fromkeys(MADE, []),
    "covnet": dict.fromkeys(MADE, ["fem"]),
    "eloreta": dict.fromkeys(MADE, ["bem"]),
    "ceiling": {"test": ["fem"], "test_soft_skull": ["soft_skull"], "test_both": ["bem"]},
}


def leadfield(scale, seed=0, electrodes=9, dipoles=15):
    """A leadfield whose topographies are those of ``seed``, plus a part of their own."""
    rng = np.random.default_rng(7)
    free = rng.normal(size=(electrodes, 3 * dipoles))
    free = scale * (free + 0.2 * np.random.default_rng(seed).normal(size=free.shape))
    return Leadfield(
        channels=[f"E{k}" for k in range(electrodes)],
        free=free - free.mean(axis=0),
        positions=rng.normal(size=(dipoles, 3)),
        normals=np.tile([0.0, 0, 1], (dipoles, 1)),
    )


LEADFIELDS = {"fem": leadfield(1, 1), "bem": leadfield(2, 2), "soft_skull": leadfield(3, 3)}


@pytest.fixture(scope="module")
def table():
    """Values by method: windows 0.1, 0.2, 0.3 above what the method has."""
    rows = []
    for test in MADE:
        for k, method in enumerate(GIVEN):
            for window in range(3):
                values = dict.fromkeys(STATISTICS, k + 0.1 * window)
                values["all_found"] = float(window == 0)
                values["emd_mm"] = np.nan if method == "random" else 10.0 * k
                rows.append({"scenario": test, "method": method, "sample": window, **values})
    return heads_table(pd.DataFrame(rows), MADE, GIVEN, between(LEADFIELDS), confidence=0.9)


def test_values_and_what_was_known(table):
    assert len(table) == len(MADE) * len(GIVEN) * len(STATISTICS)
    one = table.set_index(["test", "method", "metric"])
    row = one.loc["test", "covnet", "fraction_active"]
    assert (row["value"], row["n"], row["seen"], row["statistic"]) == (1.1, 3, True, "median")
    assert row["rdm"] == pytest.approx(0) and row["lnmag"] == pytest.approx(0)
    share = one.loc["test", "covnet", "all_found"]
    # One of three; 1.645 standard errors of the bound itself (Wilson) lie between.
    assert share["value"] == pytest.approx(1 / 3)
    spread = np.sqrt(share["high"] * (1 - share["high"]) / 3)
    assert share["high"] - share["value"] == pytest.approx(1.6449 * spread, rel=1e-4)
    fixed = {name: each.fixed for name, each in LEADFIELDS.items()}
    soft = one.loc["test_soft_skull", "eloreta", "f1"]
    assert soft["rdm"] == pytest.approx(np.median(rdm(fixed["soft_skull"], fixed["bem"])))
    assert soft["lnmag"] == pytest.approx(np.median(lnmag(fixed["soft_skull"], fixed["bem"])))
    assert not soft["seen"] and one.loc["test_soft_skull", "ceiling", "f1"]["seen"]
    # Of a set from two operators one is known: the other's distance, halved; not all is seen.
    both = one.loc["test_both", "eloreta", "f1"]
    assert not both["seen"] and both["rdm"] == pytest.approx(soft["rdm"] / 2)
    nothing = one.loc["test", "random", "emd_mm"]
    assert np.isnan([nothing["value"], nothing["rdm"]]).all() and nothing["given"] == ""


def test_printed(table):
    frame = metric_frame(table, "fraction_active", bold=True).set_index("method")
    assert frame["knows"].to_dict() == {
        "Random": "–",
        "CovNet": "A",
        "eLORETA": "B",
        "What the data allow": "the true one",
    }
    # The best is marked among those that did not know the head.
    assert frame.loc["eLORETA", "test"].startswith("**2.100** [")
    assert frame.loc["What the data allow", "test"].startswith("3.100° [")
    words = {"test": "", "test_soft_skull": "operator soft_skull", "test_both": "operator [..]"}
    text = heads_markdown(table, words)
    assert "## EMD (mm) (median over the windows)" in text and "| test_both " in text
    assert differences_frame(table)["knows"].tolist() == ["A", "B"]
    assert differences_frame(table).loc[0, "test"] == "0.000 / +0.00"


def test_fewer_windows_are_told(table):
    some = table[table["metric"] == "f1"].copy()
    some.loc[(some["method"] == "eloreta") & (some["test"] == "test"), "n"] = 2
    assert metric_frame(some, "f1")["method"].tolist()[2] == "eLORETA (2 to 3 windows)"


def test_pictured(table):
    figure = heads_figure(table)
    assert len(figure.axes) == 4
    for axes in figure.axes:
        assert [label.get_text() for label in axes.get_xticklabels()] == [
            "test\n(A)",
            "soft\nskull",
            "both\n(B, soft_skull)",
        ]
        # CovNet on A, the ceiling twice; with both operators it was given one of them only.
        assert len(axes.patches) == 3 and len(axes.texts) == 9


def test_a_missing_leadfield_is_named(table):
    metrics = pd.DataFrame(
        [{"scenario": "test", "method": "covnet", **dict.fromkeys(STATISTICS, 0)}]
    )
    with pytest.raises(UserError, match="operator 'fem': no leadfield"):
        heads_table(metrics, {"test": ["fem"]}, {"covnet": {"test": ["fem"]}}, between({}))


def test_differences_are_found_again_in_a_table(table):
    listed = between_listed(table)
    assert listed("soft_skull", "bem") == between(LEADFIELDS)("soft_skull", "bem")
    assert listed("bem", "bem") == (0, 0) and np.isnan(listed("bem", "soft_skull")).all()
