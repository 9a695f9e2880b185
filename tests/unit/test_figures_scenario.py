"""Choice of window, of views, and what the scenario and metric figures show."""

import io

import numpy as np
import pandas as pd
import pytest
from figures_case import CENTRES, RADIUS, ball_cortex
from matplotlib.image import imread

from multisource.errors import UserError
from multisource.figures.labels import FIGURES
from multisource.figures.scenario import (
    choose_views,
    coloured_range,
    representative_window,
    scenario_figure,
)
from multisource.figures.tables import metric_figure


@pytest.fixture(scope="module")
def cortex():
    return ball_cortex()


def patch(cortex, direction, side="lh", radius=15.0):
    """Coefficients falling from the dipole that lies farthest in ``direction``, and that dipole."""
    at = cortex.vertices[cortex.dipoles]
    goal = CENTRES[side] + RADIUS * np.asarray(direction, float)
    centre = int(np.argmin(np.linalg.norm(at - goal, axis=1)))
    return np.clip(1 - np.linalg.norm(at - at[centre], axis=1) / radius, 0, None), centre


def windows():
    """Five windows of two methods; window 12 is the median of everything but for a small bit."""
    base = pd.DataFrame(
        {
            "sample": [10, 11, 12, 13, 14],
            "auc_close": [0.80, 0.85, 0.901, 0.95, 0.99],
            "auc_far": [0.7, 1.0, 0.90, 0.8, 0.95],
            "fraction_active": [0.1, 0.9, 0.50, 0.4, 0.6],
            "dr_least": [0.5, 0.1, 0.20, 0.3, 0.0],
        }
    )
    return pd.concat([base.assign(method="convnet"), base.assign(method="mne")])


def test_representative_window_is_the_one_at_the_medians():
    assert representative_window(windows(), ["convnet", "mne"]) == 12


def test_representative_window_weighs_metrics_by_their_spread():
    table = windows()
    # PAS in mm spreads a hundred times wider than an AUC; it must not decide alone.
    table["pas_mm"] = [10.0, 20.0, 31.0, 30.0, 40.0] * 2
    columns = ["auc_close", "auc_far", "fraction_active", "dr_least", "pas_mm"]
    assert representative_window(table, ["convnet", "mne"], columns=columns) == 12


def test_representative_window_skips_windows_with_missing_values():
    table = windows()
    table.loc[(table["sample"] == 12) & (table["method"] == "mne"), "auc_close"] = np.nan
    assert representative_window(table, ["convnet", "mne"]) != 12


def test_representative_window_needs_every_method():
    with pytest.raises(UserError, match="each of convnet, laura"):
        representative_window(windows(), ["convnet", "laura"])


@pytest.mark.parametrize(
    ("direction", "side", "view"),
    [
        ((-1, 0, 0), "lh", "left lateral"),
        ((1, 0, 0), "rh", "right lateral"),
        ((1, 0, 0), "lh", "left medial"),
        ((0, 0, 1), "rh", "top"),
        ((0, 0, -1), "lh", "bottom"),
        ((0, -1, 0), "rh", "back"),
    ],
)
def test_view_faces_the_patch(cortex, direction, side, view):
    truth, centre = patch(cortex, direction, side)
    chosen = choose_views(cortex, truth, [centre, -1, -1])
    assert view in chosen
    assert len(chosen) == 1


def test_two_patches_far_apart_get_two_views(cortex):
    left, first = patch(cortex, (-1, 0, 0), "lh")
    right, second = patch(cortex, (1, 0, 0), "rh")
    views = choose_views(cortex, np.maximum(left, right), [first, second])
    assert set(views) == {"left lateral", "right lateral"}


def test_coloured_are_the_highest_dipoles():
    values = np.random.default_rng(3).random(500)
    lowest, highest = coloured_range(values, 40)
    assert (values >= lowest).sum() == 40
    assert highest == values.max()


def test_zeros_are_never_coloured():
    values = np.zeros(100)
    values[:7] = np.linspace(0.2, 1.0, 7)
    lowest, highest = coloured_range(values, 40)
    assert (values >= lowest).sum() == 7
    lowest, _ = coloured_range(np.zeros(100), 40)
    assert lowest > 0
    lowest, highest = coloured_range(np.full(100, 0.4), 40)
    assert lowest == 0.4 < highest


def test_scenario_figure_colours_the_estimate_where_it_is(cortex):
    truth, centre = patch(cortex, (-1, 0, 0))
    wrong, _ = patch(cortex, (-0.5, 0.8, 0))
    numbers = {
        "auc_close": 0.91,
        "auc_far": 1.0,
        "fraction_active": 0.8,
        "dr_least": 0.02,
        "n_active": 99,
    }
    figure = scenario_figure(
        cortex,
        truth=truth,
        centres=[centre, -1, -1],
        estimates={"convnet": truth, "mne_depthw": wrong},
        metrics={"convnet": numbers, "mne_depthw": numbers},
        title="Scenario F",
        views=["left lateral"],
        pixels_per_mm=2.0,
    )
    words = " ".join(text.get_text() for text in figure.texts)
    for word in (
        "Scenario F",
        "Truth",
        "ConvNet",
        "MNE, depth",
        "FractionActive 0.80",
        "least 0.02",
    ):
        assert word in words
    assert "99" not in words
    active = int((truth > 0).sum())
    assert f"{active} active dipoles" in words

    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=80)
    picture = imread(io.BytesIO(stream.getvalue()))[..., :3]
    third = picture.shape[1] // 3
    hot = (picture[..., 0] > 0.7) & (picture[..., 2] < 0.4)
    blue = (picture[..., 2] > 0.6) & (picture[..., 0] < 0.3)
    body = slice(int(0.3 * picture.shape[0]), int(0.8 * picture.shape[0]))
    columns = [hot[body, i * third : (i + 1) * third] for i in range(3)]
    assert not columns[0].any()  # the truth is blue
    assert columns[1].sum() > 100 and columns[2].sum() > 100
    dots = blue[body, 2 * third :]
    # Where MNE is wrong the blue dots lie beside its colours: anterior is left in this view.
    assert np.argwhere(columns[2])[:, 1].mean() < np.argwhere(dots)[:, 1].mean() - 10


def test_scenario_figure_needs_a_source(cortex):
    nothing = np.zeros(len(cortex.dipoles))
    with pytest.raises(UserError, match="no active dipole"):
        scenario_figure(cortex, truth=nothing, centres=[-1], estimates={"MNE": nothing})


def test_figures_are_the_papers():
    assert [number for number, _ in FIGURES.values()] == [2, 3, 4, 5, 6, 7, 8]
    assert FIGURES["E"] == (6, "sloreta")


def test_metric_figure_draws_medians_and_the_papers_values():
    table = windows().drop(columns="sample")
    figure = metric_figure(
        table, ["auc_close", "dr_least"], paper={("mne", "auc_close"): 0.847}, title="Test set"
    )
    panels = figure.axes
    assert [axes.get_title() for axes in panels] == ["AUC_close", "DR_least"]
    # Medians are the thick dark lines of the boxes, from one side of the box to the other.
    medians = [
        line.get_xdata()[0]
        for line in panels[0].lines
        if line.get_linewidth() == 1.6 and len(line.get_xdata()) == 2
    ]
    assert medians == pytest.approx([0.901, 0.901])
    diamonds = [line for line in panels[0].lines if line.get_marker() == "D"]
    assert [float(line.get_xdata()[0]) for line in diamonds] == [0.847]
    assert not [line for line in panels[1].lines if line.get_marker() == "D"]
    assert "lower is better" in panels[1].get_xlabel()


def test_metric_figure_names_an_unknown_metric():
    with pytest.raises(UserError, match="no column pas_mm"):
        metric_figure(windows(), ["pas_mm"])
