import numpy as np
import pytest

from multisource.errors import UserError
from multisource.experiments.one_change import Change, read_changes, smoothed_normals


def test_packaged_experiments_are_read_and_the_first_changes_nothing():
    changes = read_changes("resources/experiments.yaml")
    none = changes["none"]
    assert Change(title=none.title) == none
    assert changes["same_head"].operator == "fem"


def test_changes_reach_all_solvers_or_only_those_named():
    study = {"mne": {"kind": "mne", "depth": 0}, "laura": {"kind": "laura"}}
    every = Change("x", inverse={"snr": 1}).solver_settings(study)
    assert every == {
        "mne": {"kind": "mne", "depth": 0, "snr": 1},
        "laura": {"kind": "laura", "snr": 1},
    }
    one = Change("x", solvers={"mne": {"depth": 0.8}}).solver_settings(study)
    assert one == {"mne": {"kind": "mne", "depth": 0.8}}
    with pytest.raises(UserError, match="no solver 'lora'; allowed: mne, laura"):
        Change("x", solvers={"lora": {}}).solver_settings(study)


def test_smoothing_averages_normals_within_a_hemisphere():
    positions = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [100, 0, 0]])
    normals = np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]])
    side = np.array([0, 0, 1, 1])
    assert smoothed_normals(positions, normals, side, 0) is normals
    smooth = smoothed_normals(positions, normals, side, 2.0)
    # Weights 1 and exp(-1/8) of the two neighbours; the other hemisphere and the far one stay.
    weight = np.exp(-1 / 8)
    np.testing.assert_allclose(smooth[0], np.array([0, weight, 1]) / np.hypot(weight, 1))
    np.testing.assert_allclose(smooth[2:], normals[2:])
