"""How true said probabilities are: exact values, and truths drawn by a known law."""

import numpy as np
import pytest

from multisource.errors import UserError
from multisource.evaluation.calibration import (
    calibration_table,
    expected_calibration_error,
    reliability,
)
from multisource.evaluation.estimates import write_estimates
from multisource.figures.calibration import calibration_figure
from multisource.report.sure import how_sure
from multisource.simulation.ar import ARModels
from multisource.simulation.chunks import read_truth, write_chunk
from multisource.simulation.samples import Simulator, simulate_samples
from multisource.simulation.settings import Settings
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


@pytest.fixture
def study(tmp_path):
    """Files of two splits: a method that knows all, one that doubts, one with maps only."""
    rng = np.random.default_rng(3)
    models = ARModels(("a",), (np.array([0.9]),), np.array([1.0]), 250.0)
    gain, positions = rng.standard_normal((6, 300)), rng.uniform(-60, 60, (300, 3))
    chunks, estimates = {}, {}
    for split in ("test", "noisy"):
        simulator = Simulator(gain, positions, models, Settings(), seed=5, split=split)
        chunks[split] = [tmp_path / f"{split}.nc"]
        write_chunk(chunks[split][0], simulate_samples(simulator, range(20)), chunk=0)
        active = read_truth(chunks[split]).dense() > 0
        said = {"covnet": active, "patch_posterior": (0.6 * active + 0.2)[:5], "mne": active}
        folder = tmp_path / split
        folder.mkdir()
        estimates[split] = [folder / f"{method}.nc" for method in said]
        for path, maps in zip(estimates[split], said.values(), strict=True):
            more = {} if path.stem == "mne" else {"coefficients": maps}
            write_estimates(path, maps, scenario=split, method=path.stem, **more)
    return estimates, chunks


def test_methods_that_tell_the_probability_are_measured_on_their_windows(study, tmp_path):
    table = calibration_table(*study)
    found = table.groupby(["scenario", "method"], sort=False)[["windows", "error"]].first()
    expected = [(split, name) for split in study[0] for name in ("covnet", "patch_posterior")]
    assert list(found.index) == expected
    assert found["windows"].tolist() == [20, 5, 20, 5]
    # What the doubting method calls 0.8 is always true, and what it calls 0.2 never is.
    np.testing.assert_allclose(found["error"], [0, 0.2, 0, 0.2], atol=1e-6)
    sums = table.groupby(["scenario", "method"])["dipoles"].sum()
    assert set(sums) == {20 * 300, 5 * 300}
    table.to_csv(tmp_path / "table.csv", index=False)
    calibration_figure(table).savefig(tmp_path / "figure.png")
    (section,) = how_sure(tmp_path / "table.csv", tmp_path / "figure.png")
    assert section.pictures[0].png.startswith(b"\x89PNG")
    frame = section.frames[0][1].set_index(["windows of", "method"])
    doubting = frame.loc[("the random test set", "Patch posterior")]
    assert doubting["error above 10 %"] == pytest.approx(0.2, abs=1e-6)


def test_a_study_without_such_a_method_has_no_part_on_it(study, tmp_path):
    estimates, chunks = study
    table = calibration_table({"test": estimates["test"][2:]}, chunks)
    assert table.empty
    table.to_csv(tmp_path / "table.csv", index=False)
    calibration_figure(table).savefig(tmp_path / "figure.png")
    assert how_sure(tmp_path / "table.csv", tmp_path / "figure.png") == []
