import dataclasses

import numpy as np
import pytest
import xarray as xr
from network_case import DIPOLES, tiny_windows

from multisource.errors import UserError
from multisource.network.samples import Windows, windows_of


def test_truth_of_any_rows_is_the_dense_map():
    rng = np.random.default_rng(0)
    dense = rng.random((7, 11)).astype(np.float32) * (rng.random((7, 11)) < 0.3)
    dense[2] = 0  # a sample without activity
    counts = np.count_nonzero(dense, axis=1)
    rows, dipoles = np.nonzero(dense)
    windows = Windows(
        eeg=np.zeros((7, 2, 3), np.float32),
        offset=np.concatenate([[0], np.cumsum(counts)]),
        dipole=dipoles,
        coefficient=dense[rows, dipoles],
        n_dipoles=11,
    )
    for chosen in ([0], [2], [6, 2, 2, 0], list(range(7))):
        np.testing.assert_array_equal(windows.truth(chosen), dense[chosen])
    assert windows.mean_activation == pytest.approx(dense.mean(), rel=1e-6)


def test_fingerprint_changes_with_a_single_value():
    windows = tiny_windows(4)
    eeg = windows.eeg.copy()
    eeg[3, 2, 1] *= 1.0001
    assert windows.fingerprint() == tiny_windows(4).fingerprint()
    assert windows.fingerprint() != dataclasses.replace(windows, eeg=eeg).fingerprint()


def test_windows_are_taken_from_a_dataset():
    windows = tiny_windows(3)
    data = xr.Dataset(
        {
            "eeg": (("sample", "channel", "time"), windows.eeg),
            "truth_offset": ("boundary", windows.offset),
            "truth_dipole": ("active", windows.dipole),
            "truth_coefficient": ("active", windows.coefficient),
            "centre": (("sample", "patch"), [[3, -1], [5, 7], [1, -1]]),
        },
        attrs={"n_dipoles": DIPOLES},
    )
    taken = windows_of(data)
    assert taken.n_patches.tolist() == [1, 2, 1]
    assert dataclasses.replace(taken, n_patches=None).fingerprint() == windows.fingerprint()
    assert taken.first(2).n_patches.tolist() == [1, 2]
    np.testing.assert_array_equal(taken.first(2).truth([0, 1]), windows.truth([0, 1]))
    with pytest.raises(UserError, match="samples: 4; there are 3"):
        taken.first(4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eeg": np.zeros((3, 8), np.float32)}, r"eeg: shape \(3, 8\)"),
        ({"offset": np.arange(3)}, "truth_offset: 3 entries; 3 samples need 4"),
        ({"coefficient": np.ones(2, np.float32)}, "truth_dipole, truth_coefficient: 6 and 2"),
        ({"dipole": np.full(6, DIPOLES)}, "truth_dipole: an index lies outside 0..39"),
        ({"eeg": np.full((3, 8, 16), np.nan, np.float32)}, "eeg: a value is not finite"),
    ],
)
def test_samples_that_do_not_fit_are_refused(change, message):
    with pytest.raises(UserError, match=message):
        dataclasses.replace(tiny_windows(3), **change)
