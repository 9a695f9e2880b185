import dataclasses

import numpy as np
import pytest
import xarray as xr
from network_case import DIPOLES, tiny_windows

from multisource.errors import UserError
from multisource.network.samples import windows_of


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
            **windows.truth.variables(),
        },
        attrs={"n_dipoles": DIPOLES},
    )
    taken = windows_of(data)
    assert taken.fingerprint() == windows.fingerprint()
    assert len(taken.first(2)) == 2
    np.testing.assert_array_equal(taken.first(2).truth.dense(), windows.truth.dense([0, 1]))
    with pytest.raises(UserError, match="samples: 4; there are 3"):
        taken.first(4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eeg": np.zeros((3, 8), np.float32)}, r"eeg: shape \(3, 8\)"),
        ({"truth": tiny_windows(2).truth}, "truth: 2 windows; the EEG has 3"),
        ({"eeg": np.full((3, 8, 16), np.nan, np.float32)}, "eeg: a value is not finite"),
    ],
)
def test_samples_that_do_not_fit_are_refused(change, message):
    with pytest.raises(UserError, match=message):
        dataclasses.replace(tiny_windows(3), **change)
