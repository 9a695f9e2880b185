"""Curves: the settings of their points, their windows, and their tables."""

import re
from dataclasses import replace

import numpy as np
import pytest
from config_case import changed, default, mistakes
from realism_case import GAIN, PLAIN, POSITIONS, simulator

from multisource.config.curves import SETTINGS, curve_methods, point_simulation
from multisource.curves.point import SHOWN, curve_table, measure_point
from multisource.curves.windows import TOLERANCE_MM, windows_apart
from multisource.errors import UserError
from multisource.evaluation.thresholds import Threshold, Thresholds
from multisource.figures.curves import LABELS, curve_figure
from multisource.simulation.samples import simulate_samples

CURVES = {
    "snr": {"setting": "noise.snr_db", "values": [None, 10]},
    "number": {"setting": "n_patches", "values": [0, 5]},
    "boost": {"setting": "boost", "values": [2], "split": "test_noise", "methods": ["laura"]},
    "apart": {"setting": "distance_mm", "values": [40]},
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
        ({"setting": "distance_mm", "values": [None]}, "values: None; a distance is above 0"),
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
    with pytest.raises(UserError, match="name another distance or fewer samples"):
        windows_apart(simulator(replace(PLAIN, n_patches=(2, 2))), POSITIONS, 5, 900.0)


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
    assert (quiet["middle"], quiet["low"], quiet["high"], quiet["n"]) == (0, 0, 0, 12)
    assert table.loc[(2, "nothing", "all_found"), "middle"] == 0
    figure = curve_figure(table.reset_index(), "n_patches")
    assert len(figure.axes) == len(SHOWN)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["0", "2"]
