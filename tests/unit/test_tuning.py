"""Options chosen on validation windows, by one rule for all solvers."""

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score
from solver_case import simulated_case

from multisource.errors import UserError
from multisource.inverse import registry
from multisource.inverse.choice import choice_name, read_choice, with_choice
from multisource.tuning.grid import choose, combinations, median_average_precision
from multisource.tuning.table import choices_table


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    forward, study, block, _ = simulated_case(tmp_path_factory.mktemp("tuning"), 6)
    return forward, study, block.eeg.astype(float), block.patches.truth


def precision(maps, truth):
    """Return the median average precision by scikit-learn."""
    each = []
    for window, values in enumerate(maps):
        active = np.zeros(len(values), bool)
        active[truth.active(window)] = True
        each.append(average_precision_score(active, values))
    return np.median(each)


def test_all_combinations_are_tried():
    assert combinations({"a": [1, 2], "b": ["x", "y"]}) == [
        {"a": 1, "b": "x"},
        {"a": 1, "b": "y"},
        {"a": 2, "b": "x"},
        {"a": 2, "b": "y"},
    ]
    assert combinations({}) == [{}]


def test_the_best_by_average_precision_is_chosen(case):
    forward, study, eeg, truth = case
    grid = {"spread_mm": [0, 50, 80], "alpha": [20.0, 60.0]}
    settings = {"kind": "mixed_norm", "noise": "background", "reweightings": 2}
    found = choose(settings, grid, forward, eeg, truth, snr=3.0, sfreq=250.0, study=study)
    # Each combination anew, without what is kept from one to the next.
    expected = {
        (alpha, spread): precision(
            registry.estimate(
                "mixed_norm",
                forward,
                eeg,
                study=study,
                noise="background",
                reweightings=2,
                alpha=alpha,
                spread_mm=spread,
            ),
            truth,
        )
        for alpha in grid["alpha"]
        for spread in grid["spread_mm"]
    }
    tried = {
        (one["options"]["alpha"], one["options"]["spread_mm"]): one["average_precision"]
        for one in found["tried"]
    }
    assert tried == pytest.approx(expected, abs=1e-6)
    best = max(expected, key=expected.get)
    assert (found["chosen"]["alpha"], found["chosen"]["spread_mm"]) == best
    assert found["average_precision"] == pytest.approx(max(expected.values()), abs=1e-6)
    assert found["windows"] == 6 and found["cpu_s_window"] > 0


def test_a_linear_solver_is_tuned_alike(case):
    forward, study, eeg, truth = case
    settings, grid = {"kind": "eloreta", "noise": "background"}, {"snr": [0.3, 30.0]}
    found = choose(settings, grid, forward, eeg, truth, snr=3.0, sfreq=250.0)
    each = [
        median_average_precision(
            registry.estimate("eloreta", forward, eeg, noise="background", snr=snr), truth
        )
        for snr in grid["snr"]
    ]
    assert [one["average_precision"] for one in found["tried"]] == each
    assert found["chosen"]["snr"] == grid["snr"][int(np.argmax(each))]
    timed = choose(settings, {}, forward, eeg, truth, snr=3.0, sfreq=250.0)
    assert timed["chosen"] == {} and len(timed["tried"]) == 1


def test_a_choice_is_kept_in_a_file_and_goes_before_the_settings(tmp_path):
    path = tmp_path / "mine-choice.json"
    chosen = {"snr": 1.0, "depth": 0.8}
    whole = {
        "kind": "mne",
        "windows": 40,
        "tried": [{}, {}],
        "chosen": chosen,
        "average_precision": 0.61234,
        "cpu_s_setup": 1.0,
        "cpu_s_window": 0.25,
    }
    path.write_text(json.dumps(whole))
    assert with_choice({"kind": "mne", "depth": 0}, path) == {"kind": "mne"} | chosen
    assert with_choice({"kind": "mne"}, None) == {"kind": "mne"}
    table = choices_table({choice_name(path): read_choice(path)})
    assert table.to_dict("records") == [
        {
            "method": "mine",
            "chosen": "snr 1.0, depth 0.8",
            "tried": 2,
            "validation_windows": 40,
            "average_precision": 0.612,
            "cpu_s_setup": 1.0,
            "cpu_s_window": 0.25,
        }
    ]
    path.write_text("{}")
    with pytest.raises(UserError, match="mine-choice.json: damaged"):
        read_choice(path)
