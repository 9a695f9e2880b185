"""How true said probabilities are: exact values, and truths drawn by a known law."""

import numpy as np
import pytest

from multisource.errors import UserError
from multisource.evaluation.calibration import expected_calibration_error, reliability
from multisource.simulation.truth import SparseTruth


def truth_of(active):
    """The truth of windows (S, N) of which only active or not counts."""
    rows, dipoles = np.nonzero(active)
    return SparseTruth(
        offset=np.searchsorted(rows, np.arange(len(active) + 1)),
        dipole=dipoles,
        coefficient=np.ones(len(dipoles), np.float32),
        centre=np.zeros((len(active), 1), int),
        n_dipoles=active.shape[1],
    )


def drawn(probability, seed=0):
    return truth_of(np.random.default_rng(seed).random(probability.shape) < probability)


def test_bins_hold_what_falls_into_them():
    said = np.array([[0.0, 0.05, 0.25, 1.0], [0.5, 0.25, 0.95, 0.05]])
    table = reliability(said, truth_of(np.array([[0, 0, 1, 1], [1, 0, 1, 0]])))
    np.testing.assert_allclose(table["from"], np.arange(10) / 10)
    np.testing.assert_allclose(table["to"], np.arange(1, 11) / 10)
    assert table["dipoles"].tolist() == [3, 0, 2, 0, 0, 1, 0, 0, 0, 2]
    nan = np.nan
    expected = [0.1 / 3, nan, 0.25, nan, nan, 0.5, nan, nan, nan, 0.975]
    np.testing.assert_allclose(table["said"], expected)
    np.testing.assert_allclose(table["active"], [0, nan, 0.5, nan, nan, 1, nan, nan, nan, 1])
    by_hand = (3 * 0.1 / 3 + 2 * 0.25 + 1 * 0.5 + 2 * 0.025) / 8
    assert expected_calibration_error(table) == pytest.approx(by_hand)
    assert np.isnan(expected_calibration_error(table[table["dipoles"] == 0]))


def test_true_probabilities_have_no_error():
    said = np.random.default_rng(1).random((200, 500))
    table = reliability(said, drawn(said))
    # 10,000 dipoles a bin: the standard error of a share is at most 0.005.
    assert expected_calibration_error(table) < 0.005
    assert (table["said"] - table["active"]).abs().max() < 0.02


def test_the_error_of_a_method_that_is_too_sure_is_known():
    # It says 0.05 or 0.95, and 0.2 or 0.8 would be true: off by 0.15 everywhere.
    sure = np.random.default_rng(2).random((200, 500)) < 0.3
    truth = drawn(np.where(sure, 0.8, 0.2))
    error = expected_calibration_error(reliability(np.where(sure, 0.95, 0.05), truth))
    # 100,000 dipoles: the standard error is 0.0013.
    assert error == pytest.approx(0.15, abs=0.005)


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_what_is_no_probability_is_refused(value):
    said = np.full((2, 3), 0.5)
    said[1, 2] = value
    with pytest.raises(UserError, match="window 1 .*outside 0..1"):
        reliability(said, truth_of(np.eye(2, 3)))


def test_other_windows_than_the_truths_are_refused():
    with pytest.raises(UserError, match="2 windows of 3 dipoles"):
        reliability(np.full((2, 4), 0.5), truth_of(np.eye(2, 3)))
