"""Curves: the settings of their points, their windows, and their tables."""

import re
from dataclasses import replace

import mne
import numpy as np
import pandas as pd
import pytest
from config_case import REPOSITORY, changed, default, mistakes
from realism_case import GAIN, PLAIN, POSITIONS, simulator

from multisource.channels.lists import channel_names
from multisource.channels.spread import spread_channels
from multisource.config.curves import SETTINGS, curve_methods, point_simulation
from multisource.curves.point import SHOWN, curve_table, measure_point
from multisource.curves.windows import (
    TOLERANCE_MM,
    given_to_methods,
    windows_apart,
    windows_deep,
)
from multisource.errors import UserError
from multisource.evaluation.thresholds import Threshold, Thresholds
from multisource.figures.curves import LABELS, curve_figure
from multisource.simulation.samples import simulate_samples

CURVES = {
    "snr": {"setting": "noise.snr_db", "values": [None, 10]},
    "number": {"setting": "n_patches", "values": [0, 5]},
    "boost": {"setting": "boost", "values": [2], "split": "test_noise", "methods": ["laura"]},
    "apart": {"setting": "distance_mm", "values": [40]},
    "deep": {"setting": "depth_mm", "values": [10]},
    "channels": {"setting": "channels", "values": [19, 51]},
    "reference": {"setting": "reference", "values": ["average", "Cz"]},
    "head": {"setting": "operator", "values": ["fem", "bem"]},
}


def test_a_point_changes_one_setting():
    config = changed("evaluation.curves", CURVES)
    assert mistakes(config) == []
    whole = point_simulation(config, "snr", 1)
    plain = point_simulation(config, "snr", 0)
    assert plain["noise"]["snr_db"] is None
    assert whole["noise"] == plain["noise"] | {"snr_db": [10, 10]}
    assert {**whole, "noise": 0} == {**plain, "noise": 0}
    assert point_simulation(config, "number", 0)["n_patches"] == [0, 0]
    noisy = point_simulation(config, "boost", 0)
    assert noisy["boost"] == 2 and noisy["noise"]["snr_db"] == [5, 20]
    assert point_simulation(config, "apart", 0)["n_patches"] == [2, 2]
    assert point_simulation(config, "deep", 0)["n_patches"] == [1, 1]
    assert point_simulation(config, "head", 1)["operator"] == "bem"
    assert point_simulation(config, "channels", 0) == point_simulation(config, "reference", 1)
    assert curve_methods(config, "snr") == ["covnet", "convnet", "eloreta"]
    assert curve_methods(config, "boost") == ["laura"]
    assert set(SETTINGS) == set(LABELS)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"setting": "n_patches", "values": [6]}, "curves.one.values: 6: simulation.n_patches"),
        ({"setting": "n_patches", "values": [1.5]}, "values: 1.5; n_patches needs whole"),
        ({"setting": "boost", "values": [None]}, "values: null; boost needs numbers"),
        ({"setting": "boost", "values": [2], "split": "tset"}, "curves.one.split: .*'test'"),
        ({"setting": "boost", "values": [2], "methods": ["laara"]}, "methods: 'laara': .*'laura'"),
        ({"setting": "distance_mm", "values": [None]}, "values: null; distance_mm needs numbers"),
        ({"setting": "depth_mm", "values": [0]}, "values: 0; depth_mm is above 0 and at most 200"),
        ({"setting": "channels", "values": [19, 52]}, "values: 52 channels; give 4 to 51"),
        ({"setting": "reference", "values": ["Czz"]}, "values: Czz; no reference: .*'Cz'"),
        ({"setting": "reference", "values": [3]}, "values: 3; reference needs names"),
        ({"setting": "operator", "values": ["femm"]}, "values: femm; no operator: .*'fem'"),
        ({"setting": "boost", "values": ["much"]}, "values: much; boost needs numbers"),
        (
            {"setting": "operator", "values": ["bem"], "methods": ["ceiling"]},
            "methods: ceiling is given each head",
        ),
        ({"setting": "bost", "values": [2]}, "curves.one.setting: .*boost"),
    ],
)
def test_wrong_curves_are_refused(entry, words):
    config = default()
    config["evaluation"]["curves"] = {"one": entry}
    (line,) = mistakes(config)
    assert re.search(words, line), line


def test_windows_of_a_distance():
    two = simulator(replace(PLAIN, n_patches=(2, 2)))
    distance = float(np.median(np.linalg.norm(POSITIONS[:, None] - POSITIONS, axis=2)))
    chosen = windows_apart(two, POSITIONS, 12, distance)
    assert len(set(chosen.tolist())) == 12
    centre = simulate_samples(two, chosen)["centre"].values
    apart = np.linalg.norm(POSITIONS[centre[:, 0]] - POSITIONS[centre[:, 1]], axis=1)
    assert np.abs(apart - distance).max() <= TOLERANCE_MM
    # None that came before was left out.
    before = two.patches(np.arange(chosen[-1], dtype=np.uint64)).truth.centre
    gaps = np.linalg.norm(POSITIONS[before[:, 0]] - POSITIONS[before[:, 1]], axis=1)
    assert (np.abs(gaps - distance) <= TOLERANCE_MM).sum() == 11


def test_a_distance_that_no_two_sources_have_is_refused(monkeypatch):
    monkeypatch.setattr("multisource.curves.windows._MOST", 5000)
    with pytest.raises(UserError, match="name another value or fewer samples"):
        windows_apart(simulator(replace(PLAIN, n_patches=(2, 2))), POSITIONS, 5, 900.0)


def test_windows_of_a_depth():
    one = simulator(replace(PLAIN, n_patches=(1, 1)))
    depth = np.random.default_rng(0).uniform(0, 60, len(POSITIONS))
    chosen = windows_deep(one, depth, 12, 30.0)
    centre = simulate_samples(one, chosen)["centre"].values[:, 0]
    assert np.abs(depth[centre] - 30).max() <= TOLERANCE_MM
    with pytest.raises(UserError, match="depth_mm: 150; 0 of .* samples are such, 12 are wanted"):
        windows_deep(one, depth, 12, 150.0)


def test_channels_and_reference_of_what_methods_are_given():
    windows = simulate_samples(simulator(PLAIN), range(3))
    names = [str(name) for name in windows["channel"].values]
    few = given_to_methods(windows, channels=names[1:6])
    assert list(few["channel"].values) == names[1:6]
    eeg = windows["eeg"].values
    np.testing.assert_allclose(
        few["eeg"], eeg[:, 1:6] - eeg[:, 1:6].mean(axis=1, keepdims=True), atol=1e-12
    )
    other = given_to_methods(windows, reference=names[2])["eeg"].values
    assert not other[:, 2].any()
    np.testing.assert_allclose(other[:, 5], eeg[:, 5] - eeg[:, 2], atol=1e-12)
    assert given_to_methods(windows) is windows


def test_channels_are_spread_over_the_cap():
    channels = channel_names(REPOSITORY / default()["electrodes"]["channels"])
    made = mne.channels.make_standard_montage("colin27_1005").get_positions()["ch_pos"]
    places = np.array([made[name] for name in channels])
    places = places / np.linalg.norm(places, axis=1, keepdims=True)
    before = set()
    for count in (8, 19, 32):
        chosen = spread_channels(channels, count)
        assert len(set(chosen)) == count and before < set(chosen)
        assert chosen == [name for name in channels if name in chosen]
        before = set(chosen)
        # No place of the cap is farther from a chosen electrode than those are from each other.
        at = places[[channels.index(name) for name in chosen]]
        gap = np.linalg.norm(places[:, None] - at, axis=2).min(axis=1).max()
        apart = np.linalg.norm(at[:, None] - at, axis=2)[np.triu_indices(count, 1)].min()
        assert gap <= apart + 1e-9
    assert spread_channels(channels, 51) == channels
    assert len(spread_channels([f"A{k}" for k in range(1, 33)], 9, "biosemi128")) == 9
    with pytest.raises(UserError, match="where channel X1 is stands in no montage"):
        spread_channels([*channels, "X1"], 9)


def test_points_without_and_with_sources_are_scored_and_drawn():
    half = Thresholds(Threshold(0.5, relative=True), Threshold(0.5, relative=True))

    def power(eeg, channels, sfreq):
        assert len(channels) == len(GAIN) and sfreq == PLAIN.sfreq
        return np.square(np.einsum("en,set->snt", GAIN, eeg)).mean(axis=2)[:9], None

    def nothing(eeg, channels, sfreq):
        return np.zeros((len(eeg), len(POSITIONS))), None

    points = {}
    for number in (0, 2):
        windows = simulate_samples(simulator(replace(PLAIN, n_patches=(number, number))), range(12))
        methods = {"power": lambda *given: power(*given), "nothing": nothing}
        points[float(number)] = measure_point(
            windows, methods, dict.fromkeys(methods, half), POSITIONS
        )
    table = curve_table(points, 0.95).set_index(["value", "method", "metric"])
    assert len(table) == 2 * 2 * len(SHOWN)
    # Where nothing is, all that a method says is invented, and there is nothing to find.
    assert table.loc[(0, "power", "sources_invented"), "middle"] >= 1
    assert table.loc[(0, "power", "fraction_active"), "n"] == 0
    assert table.loc[(2, "power", "fraction_active"), "n"] == 9
    quiet = table.loc[(2, "nothing", "sources_invented")]
    # None in 12: at most 3.84 / (12 + 3.84) (Wilson).
    assert (quiet["middle"], quiet["low"], quiet["n"]) == (0, 0, 12)
    assert quiet["high"] == pytest.approx(3.8415 / 15.8415, rel=1e-4)
    assert table.loc[(2, "nothing", "all_found"), "middle"] == 0
    figure = curve_figure(table.reset_index(), "n_patches")
    assert len(figure.axes) == len(SHOWN)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["0", "2"]


def test_every_method_has_a_line_of_its_own():
    names = [f"method {number}" for number in range(12)]
    rows = [
        {"value": value, "method": name, "metric": metric, "middle": 0.5, "low": 0.4, "high": 0.6}
        for value in (1.0, 2.0)
        for name in names
        for metric in SHOWN
    ]
    figure = curve_figure(pd.DataFrame(rows), "boost")
    lines = figure.axes[0].get_lines()
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == len(names)


def test_a_method_has_the_same_colour_in_every_figure():
    rows = [
        {
            "value": 1.0,
            "method": "eloreta",
            "metric": metric,
            "middle": 0.5,
            "low": 0.4,
            "high": 0.6,
        }
        for metric in SHOWN
    ]
    table = pd.DataFrame(rows)
    alone, third = (
        curve_figure(table, "boost", methods).axes[0].get_lines()[0].get_color()
        for methods in (["eloreta"], ["covnet", "convnet", "eloreta"])
    )
    assert alone != third
    beside = pd.concat([table.assign(method=name) for name in ("covnet", "convnet", "eloreta")])
    assert third == curve_figure(beside, "boost").axes[0].get_lines()[2].get_color()
