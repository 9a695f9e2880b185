"""Sparse Bayesian learning over patches: what is learned is the window's evidence, and finds it."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from solver_case import simulated_case

from multisource.errors import UserError
from multisource.inverse import registry
from multisource.inverse.patch_sbl import learn
from multisource.tuning.grid import median_average_precision


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return simulated_case(tmp_path_factory.mktemp("sbl"), 12)


def small_problem():
    rng = np.random.default_rng(1)
    columns = rng.standard_normal((8, 40)).astype(np.float32)
    noise = np.geomspace(0.1, 10, 8)
    course = 3 * rng.standard_normal((2, 15))
    window = columns[:, [4, 21]] @ course + rng.standard_normal((8, 15))
    return window, columns, noise


@pytest.mark.parametrize("exponent", [0.5, 1.0])
def test_the_evidence_is_the_density_of_the_window(exponent):
    """The last update starts from the variances that one update fewer returns."""
    window, columns, noise = small_problem()
    before = learn(window, columns, noise, iterations=6, exponent=exponent)
    after = learn(window, columns, noise, iterations=7, exponent=exponent)
    covariance = (columns * before.patches) @ columns.T
    covariance += before.background * np.eye(8) + before.sensors * np.diag(noise)
    density = multivariate_normal(cov=covariance).logpdf(window.T).sum()
    # Products of the dictionary are in single precision.
    assert after.evidence[-1] == pytest.approx(density, rel=1e-5)


def test_every_update_of_the_bound_makes_the_window_more_probable():
    window, columns, noise = small_problem()
    found = learn(window, columns, noise, iterations=300)
    # Leaving out patches of less than 1e-5 of the largest changes less than rounding.
    assert np.diff(found.evidence).min() > -1e-3
    assert set(np.argsort(found.patches)[-2:]) == {4, 21}
    # In the maximum the variances of what is left explain what is seen of it (MacKay's condition).
    covariance = (columns * found.patches) @ columns.T
    covariance += found.background * np.eye(8) + found.sensors * np.diag(noise)
    seen = np.linalg.solve(covariance, columns)
    ratio = ((window.T @ seen) ** 2).mean(axis=0) / (columns * seen).sum(axis=0)
    np.testing.assert_allclose(ratio[[4, 21]], 1, rtol=0.02)


def test_it_finds_patches(case):
    """Nearer to the truth than the best of the linear solvers on the same windows."""
    forward, study, block, _ = case
    eeg, truth = block.eeg.astype(float), block.patches.truth
    options = {"extents_mm": [50.0, 65.0], "spacing_mm": 5.0}
    maps = registry.estimate("patch_sbl", forward, eeg, study=study, **options)
    assert maps.dtype == np.float32 and maps.min() >= 0 and maps.max() <= 1
    linear = registry.estimate("eloreta", forward, eeg, noise="background", snr=1.0)
    assert median_average_precision(maps, truth) > median_average_precision(linear, truth)


def test_no_study_and_wrong_options_are_refused(case):
    forward, study, block, _ = case
    with pytest.raises(UserError, match="study"):
        registry.estimate("patch_sbl", forward, block.eeg)
    for name, value in (
        ("extents_mm", []),
        ("spacing_mm", 0.0),
        ("iterations", 0),
        ("exponent", 2.0),
        ("half", 0.0),
    ):
        with pytest.raises(UserError, match=name):
            registry.estimate("patch_sbl", forward, block.eeg, study=study, **{name: value})
    with pytest.raises(UserError, match="eeg: shape"):
        registry.estimate("patch_sbl", forward, block.eeg[:, :5], study=study)
