"""The sparse truth: the same as dense maps, in every cut, and refused where it does not fit."""

import dataclasses

import numpy as np
import pytest
import xarray as xr
from simulation_case import truth_from_dense

from multisource.errors import UserError
from multisource.simulation.truth import SparseTruth


def random_truth(windows=7, dipoles=11, seed=0):
    rng = np.random.default_rng(seed)
    maps = rng.random((windows, dipoles)).astype(np.float32) * (
        rng.random((windows, dipoles)) < 0.3
    )
    maps[2] = 0  # a window without activity
    centre = np.where(rng.random((windows, 3)) < 0.6, rng.integers(dipoles, size=(windows, 3)), -1)
    return truth_from_dense(maps, centre), maps


def test_truth_of_any_windows_is_the_dense_map():
    truth, maps = random_truth()
    np.testing.assert_array_equal(truth.dense(), maps)
    for chosen in ([0], [2], [6, 2, 2, 0]):
        np.testing.assert_array_equal(truth.dense(chosen), maps[chosen])
    np.testing.assert_array_equal(truth.first(3).dense(), maps[:3])
    assert truth.dense().dtype == np.float32
    for window in range(7):
        np.testing.assert_array_equal(truth.active(window), np.flatnonzero(maps[window]))
        assert len(truth.centres(window)) == truth.n_patches[window]


def test_joined_and_repeated_truths():
    (one, a), (other, b) = random_truth(), random_truth(windows=4, seed=1)
    joined = SparseTruth.joined([one, other])
    np.testing.assert_array_equal(joined.dense(), np.concatenate([a, b]))
    np.testing.assert_array_equal(joined.centre, np.concatenate([one.centre, other.centre]))
    np.testing.assert_array_equal(one.first(1).repeated(3).dense(), a[[0, 0, 0]])


def test_a_dataset_holds_it():
    truth, maps = random_truth()
    data = xr.Dataset(truth.variables(), attrs={"n_dipoles": 11})
    np.testing.assert_array_equal(SparseTruth.from_dataset(data).dense(), maps)
    unknown = SparseTruth.from_dataset(xr.Dataset(SparseTruth.unknown(5).variables()))
    assert len(unknown) == 5 and not unknown.n_patches.any()


def test_a_coefficient_of_zero_is_not_active():
    rim = SparseTruth(np.array([0, 2]), np.array([4, 7]), np.array([1.0, 0.0]), np.array([[4]]), 10)
    assert rim.active(0).tolist() == [4]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"offset": np.arange(3)}, "truth_offset: 3 entries; 7 windows need 8"),
        ({"offset": np.array([0, 5, 1, 2, 3, 4, 5, 6])}, "truth_offset: does not start at 0"),
        ({"coefficient": np.ones(2, np.float32)}, "truth_dipole, truth_coefficient: .* and 2"),
        ({"n_dipoles": 3}, "truth_dipole: an index lies outside 0..2"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, message):
    with pytest.raises(UserError, match=message):
        dataclasses.replace(random_truth()[0], **change)
