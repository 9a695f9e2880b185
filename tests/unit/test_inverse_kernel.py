"""Application of kernels, their files, smoothing and the baselines."""

import inverse_case
import numpy as np
import pytest

from multisource.errors import UserError
from multisource.inverse import registry
from multisource.inverse.baselines import perfect_maps, random_maps
from multisource.inverse.io import read_kernel, write_kernel
from multisource.inverse.kernel import Kernel, apply_kernel, apply_kernels, share_products
from multisource.inverse.mesh import smoothing
from multisource.inverse.solver import read_solvers


def kernel_of(n_dipoles, orientations, n_channels=6, seed=0, scale=1.0):
    matrix = np.random.default_rng(seed).standard_normal((n_dipoles * orientations, n_channels))
    return Kernel(scale * matrix, orientations, [f"c{i}" for i in range(n_channels)])


def reference_maps(kernel, eeg, operator=None):
    """The post-processing of the paper, window by window in double precision."""
    maps = []
    for window in eeg:
        currents = kernel.matrix @ (window - window.mean(axis=0))
        norms = np.linalg.norm(currents.reshape(kernel.n_dipoles, kernel.orientations, -1), axis=1)
        if operator is not None:
            norms = operator @ norms
        maps.append((norms / norms.max()).mean(axis=1))
    return np.array(maps)


@pytest.mark.parametrize("orientations", [1, 3])
# 150 dipoles and 130 windows leave partial blocks on both axes.
@pytest.mark.parametrize("n_windows", [1, 130])
@pytest.mark.parametrize("scale", [1.0, 1e-30])
def test_blocks_equal_the_plain_evaluation(orientations, n_windows, scale):
    kernel = kernel_of(150, orientations, scale=scale)
    eeg = inverse_case.random_data(n_windows, 6, 9)
    maps = apply_kernel(kernel, eeg)
    assert maps.dtype == np.float32
    # Single precision sums of six terms.
    np.testing.assert_allclose(maps, reference_maps(kernel, eeg), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("smooth", [0, 2])
@pytest.mark.parametrize("orientation", ["free", "loose", "fixed"])
def test_kernels_applied_together_give_what_each_gives_alone(smooth, orientation):
    forward = inverse_case.forward()
    kernels = [
        registry.build_kernel(kind, forward, orientation=given)
        for kind, given in (
            ("mne", orientation),
            ("eloreta", "free"),
            ("dspm", orientation),
            ("sloreta", orientation),
        )
    ]
    operator = smoothing(forward, smooth)
    eeg = inverse_case.random_data(40, 28, 6)
    for kernel, maps in zip(kernels, apply_kernels(kernels, eeg, smoothing=operator), strict=True):
        np.testing.assert_allclose(maps, reference_maps(kernel, eeg, operator), rtol=1e-4)
    # One product serves the three of one prior.
    assert [share_products(kernels[0], kernel) for kernel in kernels] == [True, False, True, True]


def test_kernels_of_other_priors_do_not_share():
    forward = inverse_case.forward()
    plain, depth = (registry.build_kernel("mne", forward, depth=d) for d in (0.0, 0.8))
    assert not share_products(plain, depth)


def test_reference_and_amplitude_of_the_data_do_not_matter():
    kernel = kernel_of(40, 3)
    eeg = inverse_case.random_data(3, 6, 9)
    shifted = 1e-3 * (eeg - eeg[:, :1])
    np.testing.assert_allclose(apply_kernel(kernel, shifted), apply_kernel(kernel, eeg), atol=2e-5)


def test_smoothing_acts_before_the_maximum():
    forward = inverse_case.forward()
    kernel = registry.build_kernel("mne", forward)
    operator = smoothing(forward, 2)
    np.testing.assert_allclose(operator.sum(axis=1), 1, atol=1e-6)
    assert smoothing(forward, 0) is None
    eeg = inverse_case.random_data(70, 28, 4)
    maps = apply_kernel(kernel, eeg, smoothing=operator)
    np.testing.assert_allclose(maps, reference_maps(kernel, eeg, operator), rtol=1e-4)


def test_smoothing_stays_within_a_hemisphere():
    forward = inverse_case.forward()
    left = forward["src"][0]["nuse"]
    operator = smoothing(forward, 3).toarray()
    assert operator[:left, left:].max() == operator[left:, :left].max() == 0
    assert (operator[:left, :left] > 0).sum() > 3 * left


@pytest.mark.parametrize("level", [0.0, 5e-6, 1 / 3])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_window_without_signal_gives_zeros(level, kind):
    eeg = inverse_case.random_data(3, 6, 9).astype(kind)
    eeg[1] = level
    maps = apply_kernel(kernel_of(20, 3), eeg)
    assert maps[0].max() > 0.1 and maps[2].max() > 0.1
    # A constant potential is none after average reference, whatever the rounding of its mean.
    assert (maps[1] == 0).all()


def test_large_common_offset_costs_no_accuracy():
    kernel = kernel_of(40, 3)
    eeg = inverse_case.random_data(3, 6, 9)
    offset = eeg + 0.1 * np.random.default_rng(0).standard_normal((3, 1, 9))
    np.testing.assert_allclose(apply_kernel(kernel, offset), apply_kernel(kernel, eeg), rtol=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_bad_data_are_refused(value):
    kernel = kernel_of(20, 3)
    eeg = inverse_case.random_data(3, 6, 9)
    with pytest.raises(UserError, match="channels|shape"):
        apply_kernel(kernel, eeg[:, :5])
    eeg[2, 0, 0] = value
    with pytest.raises(UserError, match="finite"):
        apply_kernel(kernel, eeg)


def test_kernel_file_round_trip(tmp_path):
    kernel = kernel_of(20, 3)
    write_kernel(tmp_path / "k.nc", kernel)
    back = read_kernel(tmp_path / "k.nc")
    assert np.array_equal(back.matrix, kernel.matrix)
    assert (back.orientations, back.channels) == (3, kernel.channels)


def test_each_scenario_is_solved_with_the_kernel_of_its_operator(tmp_path):
    eeg = inverse_case.random_data(2, 6, 9)
    maps = {}
    for name, seed in (("fem", 1), ("bem", 2)):
        kernel = kernel_of(20, 3, seed=seed)
        write_kernel(tmp_path / f"mine-{name}.nc", kernel)
        maps[name] = apply_kernel(kernel, eeg)
    scenarios = {"test": "fem", "other": "bem", "again": "fem"}
    solver_of = read_solvers([tmp_path / f"mine-{name}.nc" for name in maps], [], scenarios)
    for scenario, name in scenarios.items():
        np.testing.assert_array_equal(solver_of(scenario)(eeg, 250.0).maps, maps[name])
    write_kernel(tmp_path / "mine.nc", kernel_of(20, 3, seed=2))
    alone = read_solvers(tmp_path / "mine.nc", [], dict.fromkeys(scenarios, "bem"))
    np.testing.assert_array_equal(alone("test")(eeg, 250.0).maps, maps["bem"])


def test_random_is_one_map_and_depends_on_the_seed_only():
    maps = random_maps(5, 1000, seed=3)
    assert maps.shape == (5, 1000) and (maps == maps[0]).all()
    assert np.array_equal(maps[0], random_maps(1, 1000, seed=3)[0])
    assert not np.array_equal(maps[0], random_maps(1, 1000, seed=4)[0])
    # Standard error of the mean of 1000 uniform numbers is 0.009.
    assert abs(maps[0].mean() - 0.5) < 0.04 and len(np.unique(maps[0])) > 990


def test_perfect_is_the_truth_in_the_precision_of_maps():
    maps = perfect_maps([[0.0, 0.3, 1.0]])
    np.testing.assert_array_equal(maps, np.float32([[0.0, 0.3, 1.0]]))
    assert maps.dtype == np.float32
