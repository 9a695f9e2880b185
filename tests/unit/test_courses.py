"""Time courses of found sources: the true ones drawn again, the fitted ones against a hand-made."""

from dataclasses import replace

import numpy as np
import pytest
from realism_case import GAIN, MODELS, PLAIN, record, simulate
from simulation_case import truth_from_dense

from multisource.errors import UserError
from multisource.evaluation.courses import Courses
from multisource.evaluation.distances import TruthDistances
from multisource.evaluation.further import evaluate_further
from multisource.evaluation.thresholds import Threshold, Thresholds
from multisource.simulation.courses import centre_courses

# Patches of one dipole, so strong that the background counts for nothing: the EEG is their
# topographies times their courses.
STRONG = replace(PLAIN, boost=1e5, extent_mm=(1.0, 1.5), n_patches=(1, 3))
RANK = GAIN.shape[0] - 1


def drawn_again(data, settings, ranks=()):
    return centre_courses(
        data["sample"].values,
        data["centre"].values,
        settings,
        MODELS,
        n_dipoles=GAIN.shape[1],
        seed=data.attrs["seed"],
        split=data.attrs["split"],
        ranks=ranks,
    )


def seen(data):
    """The courses that explain the EEG, in the unit of the boosted background."""
    moment = PLAIN.background_nam * 1e-9 * STRONG.boost
    for eeg, centre in zip(data["eeg"].values, data["centre"].values, strict=True):
        columns = GAIN[:, centre[centre >= 0]]
        yield np.linalg.lstsq(columns, eeg.astype(float), rcond=None)[0] / moment


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_courses_of_random_windows_are_those_in_the_eeg(correlation):
    settings = replace(STRONG, patch_correlation=correlation)
    data = simulate(settings, range(7, 30))
    courses = drawn_again(data, settings)
    for found, true, centre in zip(seen(data), courses, data["centre"].values, strict=True):
        # The background is 1e-5 of a patch at each of 300 dipoles; float32 has seven digits.
        np.testing.assert_allclose(found, true[centre >= 0], atol=2e-3)
        assert np.isnan(true[centre < 0]).all()


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_courses_of_a_recording_are_those_in_the_eeg(correlation):
    settings = replace(STRONG, patch_correlation=correlation)
    data = record(settings, 4.0, extents_mm=[1.0, 1.0])
    for found, true in zip(seen(data), drawn_again(data, settings, [RANK]), strict=True):
        np.testing.assert_allclose(found, true, atol=2e-3)


def test_correlations_are_those_of_a_direct_fit():
    rng = np.random.default_rng(2)
    true = rng.standard_normal((1, 2, 50))
    places = np.array([11, 40, 90])
    eeg = GAIN[:, places[:2]] @ (true[0] * [[1.0], [-3.0]]) + 20 * rng.standard_normal((24, 50))
    courses = Courses(eeg[None] + 1e3, GAIN + 5.0, true)  # of any reference
    pairs = np.array([[2, 1], [0, 0]])
    found = courses.correlations(0, places, pairs)
    centred = eeg - eeg.mean(axis=0)
    columns = (GAIN - GAIN.mean(axis=0))[:, places]
    background = (GAIN - GAIN.mean(axis=0)) @ (GAIN - GAIN.mean(axis=0)).T
    whole = background + 0.1 * np.trace(background) / 24 * np.eye(24)
    weighted = columns.T @ np.linalg.inv(whole)
    fitted = np.linalg.solve(weighted @ columns, weighted @ centred)
    expected = [abs(np.corrcoef(fitted[k], true[0, j])[0, 1]) for k, j in pairs]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    (right,) = courses.correlations(0, places[:1], np.array([[0, 0]]))
    assert right > 0.5 > found[0], "the third place has no source"
    silent = Courses(np.zeros((1, 24, 50)), GAIN, true)
    assert silent.correlations(0, places, pairs).tolist() == [0, 0]
    with pytest.raises(UserError, match="do not fit"):
        Courses(eeg[None], GAIN[:5], true)


def test_the_column_is_the_mean_of_the_found_sources():
    rng = np.random.default_rng(4)
    positions = np.column_stack([30.0 * np.arange(300), np.zeros((300, 2))])
    dense = np.zeros((3, 300))
    dense[0, [3, 100]] = dense[1, 50] = dense[2, 50] = 1
    truth = truth_from_dense(dense, np.array([[3, 100], [50, -1], [50, -1]]))
    maps = np.zeros((3, 300))
    maps[0, [3, 100]], maps[1, 51], maps[2, 200] = (1.0, 0.9), 1, 1
    true = rng.standard_normal((3, 2, 50))
    true[1:, 1] = np.nan
    eeg = np.stack([GAIN @ (d[:, None] * rng.standard_normal(50)) for d in dense])
    eeg[0] = GAIN[:, [3, 100]] @ true[0]
    half = Thresholds(Threshold(0.5, relative=True), Threshold(0.5, relative=True))
    given = (maps, truth, positions, TruthDistances.of(truth, positions), half)
    column = evaluate_further(*given, courses=Courses(eeg, GAIN, true))["course_correlation"]
    assert column[0] == pytest.approx(1)
    assert 0 <= column[1] < 1 and np.isnan(column[2]), "30 mm off is found, far off is not"
    assert evaluate_further(*given)["course_correlation"].isna().all()
