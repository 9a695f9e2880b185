"""Metrics beyond the paper's: against linear programming, brute force and cases known by hand."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog
from scipy.spatial.distance import cdist
from simulation_case import truth_from_dense

from multisource.certainty.peaks import APART_MM
from multisource.errors import UserError
from multisource.evaluation.distances import TruthDistances
from multisource.evaluation.further import evaluate_further
from multisource.evaluation.metrics import FURTHER_METRICS, evaluate, metric_names
from multisource.evaluation.peaks import Peaks, match_optimally
from multisource.evaluation.thresholds import (
    Threshold,
    Thresholds,
    choose_thresholds,
    read_thresholds,
    write_thresholds,
)
from multisource.evaluation.transport import GRAINS, Transport

# Twenty dipoles on a line, 10 mm apart.
LINE = np.column_stack([10.0 * np.arange(20), np.zeros((20, 2))])
HALF = Thresholds(Threshold(0.5, relative=True), Threshold(0.5, relative=True))


def by_linear_programming(first, second, positions):
    """The earth mover's distance, exactly."""
    n = len(positions)
    equal = np.zeros((2 * n, n * n))
    for i in range(n):
        equal[i, i * n : (i + 1) * n] = 1
        equal[n + i, i::n] = 1
    masses = np.concatenate([first / first.sum(), second / second.sum()])
    return linprog(cdist(positions, positions).ravel(), A_eq=equal, b_eq=masses).fun


def test_earth_movers_distance_is_that_of_linear_programming():
    rng = np.random.default_rng(3)
    for _ in range(4):
        positions = rng.uniform(0, 100, (30, 3))
        first, second = rng.random((2, 30)) ** 4
        expected = by_linear_programming(first, second, positions)
        found = Transport(positions).distance_mm(first, second)
        # A grain is 1/200 of the mass, and those of 30 dipoles are rounded.
        assert found == pytest.approx(expected, abs=100 * 30 / GRAINS / 10)


def test_earth_movers_distance_by_hand():
    transport = Transport(LINE)
    one, two = np.zeros((2, 20))
    one[3], two[[5, 9]] = 7.0, 1.0
    assert transport.distance_mm(one, one) == 0
    # Half of the mass 20 mm, half 60 mm; whatever the maps' units.
    assert transport.distance_mm(one, two) == pytest.approx(40)
    assert transport.distance_mm(1e9 * two, one) == pytest.approx(40)
    assert np.isnan(transport.distance_mm(one, np.zeros(20)))


def test_peaks_are_surpassed_by_nothing_near():
    values = np.zeros(20)
    values[[2, 3, 4, 9, 11, 15]] = [0.5, 1, 0.5, 0.3, 0.4, 0.4]
    # Dipole 9 lies 20 mm from the higher 11, which is near; 2 and 4 are the slope of 3.
    assert Peaks(LINE).of(values).tolist() == [3, 11, 15]
    assert Peaks(LINE).of(np.zeros(20)).tolist() == []
    rng = np.random.default_rng(0)
    positions, values = rng.uniform(0, 60, (200, 3)), rng.random(200)
    near = cdist(positions, positions) <= APART_MM
    expected = [i for i in range(200) if values[near[i]].max() == values[i]]
    assert sorted(Peaks(positions).of(values)) == expected


def test_matching_is_the_best_of_all():
    # The nearest pair first, 1 with 1, would leave the other two 50 mm apart.
    said = np.array([[0.0, 0, 0], [21, 0, 0]])
    true = np.array([[20.0, 0, 0], [50, 0, 0]])
    pairs, error = match_optimally(said, true)
    assert pairs.tolist() == [[0, 0], [1, 1]] and error.tolist() == [20, 29]
    rng = np.random.default_rng(1)
    for _ in range(20):
        said, true = rng.uniform(0, 90, (4, 3)), rng.uniform(0, 90, (3, 3))
        distance = cdist(said, true)
        ways = [distance[list(order), range(3)] for order in permutations(range(4), 3)]
        best = min((-(way <= 40).sum(), way[way <= 40].sum()) for way in ways)
        _, error = match_optimally(said, true)
        assert (-len(error), error.sum()) == pytest.approx(best)
    assert len(match_optimally(np.empty((0, 3)), true)[0]) == 0


@pytest.fixture(scope="module")
def case():
    """Two sources, one, none; each dipole's neighbours are active too."""
    dense = np.zeros((3, 20))
    dense[0, 2:5], dense[0, 14:17], dense[1, 9:12] = [0.5, 1, 0.5], [0.5, 1, 0.5], [0.5, 1, 0.5]
    truth = truth_from_dense(dense, np.array([[3, 15], [10, -1], [-1, -1]]))
    maps = np.zeros((3, 20))
    maps[0, [2, 3, 4, 18]], maps[1, 10:12], maps[2, 7] = [0.4, 1, 0.6, 0.8], [0.2, 0.1], 0.1
    return maps, truth, TruthDistances.of(truth, LINE)


def test_columns_by_hand(case):
    maps, truth, distances = case
    two, one, none = evaluate_further(maps, truth, LINE, distances, HALF).itertuples(index=False)
    # The peak at 18 is 30 mm from the centre at 15, near enough.
    assert (two.sources_said, two.sources_missed, two.sources_invented) == (2, 0, 0)
    assert two.all_found == 1 and two.source_error_mm == 15
    # Above one half: 3, 4 and 18, of six active.
    assert two.f1 == pytest.approx(2 * 2 / (3 + 6))
    # Four dipoles are above 0; the two others of the six highest are any two of 16, three active.
    assert two.recall_least == pytest.approx(3 * 2 / 16 / 3)
    assert (one.sources_said, one.source_error_mm, one.f1) == (1, 0, pytest.approx(4 / 5))
    assert (none.sources_said, none.sources_invented) == (1, 1)
    assert np.isnan([none.sources_missed, none.f1, none.emd_mm, none.recall_least]).all()


def test_peaks_and_mass_come_from_the_coefficients(case):
    maps, truth, distances = case
    flat = (truth.dense() > 0).astype(float)
    told = evaluate_further(
        flat, truth, LINE, distances, HALF, coefficients=truth.dense(), emd_windows=1
    )
    assert told["source_error_mm"][:2].tolist() == [0, 0] and told["f1"][:2].tolist() == [1, 1]
    assert told["emd_mm"][0] == 0 and np.isnan(told["emd_mm"][1])
    assert evaluate_further(flat, truth, LINE, distances, HALF)["emd_mm"][0] > 0


def test_thresholds_are_the_best_of_both_kinds(case, tmp_path):
    _, truth, distances = case
    dense = truth.dense([0, 1, 1, 0])
    clean = truth_from_dense(dense, truth.centre[[0, 1, 1, 0]])
    rng = np.random.default_rng(5)
    # An absolute height tells the active dipoles in all windows; a share of the maximum does not.
    maps = np.where(dense > 0, 0.6, 0.3 * rng.random(dense.shape))
    maps[[1, 3], 0] = 40.0
    chosen = choose_thresholds(maps, clean, LINE)
    assert not chosen.dipoles.relative and 0.3 < chosen.dipoles.value <= 0.6
    scaled = dense * np.array([[1], [9], [40], [300]]) + 0.2 * rng.random(dense.shape)
    chosen = choose_thresholds(scaled, clean, LINE)
    assert chosen.peaks.relative and 0 < chosen.peaks.value < 1
    write_thresholds(tmp_path / "one.json", chosen)
    assert read_thresholds(tmp_path / "one.json") == chosen
    (tmp_path / "two.json").write_text("{}")
    with pytest.raises(UserError, match=r"two\.json"):
        read_thresholds(tmp_path / "two.json")
    silent = truth_from_dense(np.zeros((2, 20)), np.full((2, 1), -1))
    with pytest.raises(UserError, match="no window has a source"):
        choose_thresholds(maps[:2], silent, LINE)


def test_paper_tables_do_not_see_them(case):
    maps, truth, distances = case
    both = pd.concat(
        [evaluate(maps, truth, LINE), evaluate_further(maps, truth, LINE, distances, HALF)], axis=1
    )
    assert metric_names(both) == metric_names(evaluate(maps, truth, LINE))
    assert set(FURTHER_METRICS) < set(both)
