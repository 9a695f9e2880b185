"""What is found by extent, power and distance, against cases known by hand."""

import numpy as np
import pytest

from multisource.evaluation.estimates import write_estimates
from multisource.evaluation.found import found_table, patch_members, patch_powers, patch_recall
from multisource.figures.found import found_figure
from multisource.simulation.truth import SparseTruth

# Dipoles on a line, 10 mm apart.
N = 40
POSITIONS = np.column_stack([10.0 * np.arange(N), np.zeros((N, 2))])
# One patch of 50 mm (5 dipoles); two of 30 and 50 mm, 200 mm apart; nothing; the first two again.
CENTRES = np.array([[10, -1], [5, 25], [-1, -1], [10, -1], [5, 25]])
EXTENTS = np.array([[50.0, 0], [30, 50], [0, 0], [50, 0], [30, 50]])
ACTIVE = [[8, 9, 10, 11, 12], [4, 5, 6, 23, 24, 25, 26, 27], []]
ACTIVE += ACTIVE[:2]


@pytest.fixture
def truth():
    """The windows."""
    counts = [len(active) for active in ACTIVE]
    return SparseTruth(
        offset=np.r_[0, np.cumsum(counts)],
        dipole=np.concatenate([np.array(a, np.int32) for a in ACTIVE]),
        coefficient=np.ones(sum(counts), np.float32),
        centre=CENTRES,
        n_dipoles=N,
    )


def maps():
    """Three of the five dipoles of the first window; one patch of the two of the second."""
    found = np.zeros((5, N))
    found[[[0], [3]], [8, 9, 10, 30, 31]] = 1
    found[[[1], [4]], [23, 24, 25, 26, 27, 5, 38, 39]] = 2
    return found


def test_members_are_the_dipoles_nearer_than_half_the_extent(truth):
    members = patch_members(truth, EXTENTS, POSITIONS)
    assert [[sorted(p.tolist()) for p in w] for w in members] == [
        [ACTIVE[0]],
        [ACTIVE[1][:3], ACTIVE[1][3:]],
        [],
        [ACTIVE[0]],
        [ACTIVE[1][:3], ACTIVE[1][3:]],
    ]


def test_recall_is_taken_among_as_many_as_are_active(truth):
    recall = patch_recall(maps(), truth, patch_members(truth, EXTENTS, POSITIONS))
    np.testing.assert_allclose(recall[:3], [[0.6, np.nan], [1 / 3, 1], [np.nan, np.nan]])
    np.testing.assert_array_equal(recall[3:], recall[:2])
    flat = patch_recall(np.ones((5, N)), truth, patch_members(truth, EXTENTS, POSITIONS))
    assert flat[0, 0] == pytest.approx(5 / N), "a constant map is chance"


def test_power_is_that_of_the_weighted_topography(truth):
    gain = np.random.default_rng(0).standard_normal((7, N))
    members = patch_members(truth, EXTENTS, POSITIONS)
    power = patch_powers(truth, EXTENTS, members, POSITIONS, gain)
    one = gain[:, 5] + (gain[:, 4] + gain[:, 6]) / 3
    assert power[1, 0] == pytest.approx(((one - one.mean()) ** 2).sum())


def test_each_window_stands_in_its_bin(truth, tmp_path):
    write_estimates(tmp_path / "one.nc", maps(), scenario="test", method="one")
    gain = np.full((3, N), [[1.0], [0], [0]])
    given = {"one": tmp_path / "one.nc"}
    table = found_table(given, truth, EXTENTS, POSITIONS, gain)
    filled = table[table["windows"] > 0].set_index("by")
    assert (filled["windows"] == 2).all()
    assert filled.loc["extent_mm", ["from", "recall", "found"]].tolist() == [50, 0.6, 1]
    # The same topography everywhere: 1 + 2/3 against 1 + 2 (.6 + .2), squared: 3.9 dB lower.
    assert filled.loc["power_db", ["from", "to", "found"]].tolist() == [-5, -2, 1]
    assert filled.loc["distance_mm", ["from", "found"]].tolist() == [100, 1]
    assert filled.loc["distance_mm", "recall"] == pytest.approx(1 / 3)
    # Equal powers are 0 dB, in the last bin.
    same = found_table(given, truth, np.full((5, 2), 30.0), POSITIONS, gain)
    assert same[(same["by"] == "power_db") & (same["windows"] > 0)]["to"].tolist() == [0]
    figure = found_figure(table)
    assert len(figure.axes) == 3 and figure.axes[0].get_xlabel().startswith("extent")
