"""Solvers by name: linear ones, and the optional package."""

import sys

import inverse_case
import numpy as np
import pytest

from multisource.errors import UserError
from multisource.inverse import registry
from multisource.inverse.io import forward_of
from multisource.inverse.kernel import apply_kernel
from multisource.inverse.mesh import smoothing
from multisource.inverse.solver_leadfield import background_covariance
from multisource.registry import REQUIRED


def test_estimate_is_kernel_smoothing_and_application():
    forward = inverse_case.forward()
    eeg = inverse_case.random_data(4, 28, 6)
    maps = registry.estimate("loreta", forward, eeg, smooth=2, snr=5.0)
    kernel = registry.build_kernel("loreta", forward, snr=5.0)
    expected = apply_kernel(kernel, eeg, smoothing=smoothing(forward, 2))
    np.testing.assert_array_equal(maps, expected)


def test_options_are_read_off_the_solvers():
    assert registry.options("laura")["exponent"] == 3.0
    assert registry.options("mne")["noise"] == "white"
    assert registry.options("invertmeeg")["solver"] is REQUIRED
    assert "noise" not in registry.options("invertmeeg")
    for kind in registry.SOLVERS:
        offered = {"kind", "noise_covariance", "sfreq", "study", "measured", "true_sources"}
        assert not offered & set(registry.options(kind))
        linear = kind in ("mne", "dspm", "sloreta", "eloreta", "loreta", "laura")
        assert registry.is_linear(kind) == linear
        assert ("windows" in registry.options(kind)) != linear
        # An average asks for those that it averages.
        assert ("snr" in registry.options(kind)) == (linear or kind == "average")
        assert registry.tells(kind) == (kind == "patch_posterior")


def test_background_noise_is_that_of_independent_dipoles():
    """Whitened by it, sources all over the cortex are white: no direction stands out."""
    forward = inverse_case.forward()
    normals = np.concatenate([s["nn"][s["vertno"]] for s in forward["src"]])
    gain = np.einsum("enx,nx->en", forward["sol"]["data"].reshape(28, -1, 3), normals)
    moments = np.random.default_rng(0).standard_normal((gain.shape[1], 40000))
    sampled = np.cov(gain @ moments)
    sampled /= np.mean(np.diag(sampled))
    # 40000 draws: a covariance is known to about 1 / sqrt(40000) of the variances.
    model = background_covariance(forward, white=0.0)
    np.testing.assert_allclose(model, sampled, atol=0.03)
    given = registry.build_kernel("dspm", forward, noise=background_covariance(forward)).matrix
    named = registry.build_kernel("dspm", forward, noise="background").matrix
    np.testing.assert_array_equal(given, named)


@pytest.mark.parametrize(
    ("kind", "options", "word"),
    [
        ("champagne", {}, "kind.*champagne"),
        ("invertmeeg", {}, "solver"),
        ("invertmeeg", {"solver": "mne", "lambda": 1}, "lambda"),
        ("mne", {"smoth": 1}, "smoth"),
    ],
)
def test_bad_requests_name_what_is_wrong(kind, options, word):
    eeg = inverse_case.random_data(1, 28, 5)
    with pytest.raises(UserError, match=word):
        registry.estimate(kind, inverse_case.forward(), eeg, **options)


@pytest.fixture
def bare(monkeypatch):
    """Be a machine without the packages that need not be installed."""
    for name in ("invert", "invert.invert"):
        monkeypatch.setitem(sys.modules, name, None)


def test_without_the_package_the_message_says_what_to_install(bare):
    eeg = inverse_case.random_data(1, 28, 5)
    with pytest.raises(UserError, match="pip install invertmeeg"):
        registry.estimate("invertmeeg", inverse_case.forward(), eeg, solver="mne")


def test_an_average_is_the_mean_of_scaled_maps():
    forward, eeg = inverse_case.forward(), inverse_case.random_data(3, 28, 6)
    of = [{"kind": "mne"}, {"kind": "lcmv", "regularisation": 0.3}, {"kind": "dspm", "snr": 1.0}]
    each = [
        registry.estimate("mne", forward, eeg, snr=2.0),
        registry.estimate("lcmv", forward, eeg, regularisation=0.3),
        registry.estimate("dspm", forward, eeg, snr=1.0),
    ]
    expected = np.mean([maps / maps.max(axis=1, keepdims=True) for maps in each], axis=0)
    found = registry.estimate("average", forward, eeg, snr=2.0, of=of)
    # In single precision.
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    with pytest.raises(UserError, match="of: "):
        registry.estimate("average", forward, eeg, of=[])


def test_an_average_of_what_is_not_installed_says_so(bare):
    registry.check_installed("average", {"of": [{"kind": "mne"}]})
    optional = {"kind": "invertmeeg", "solver": "ap"}
    with pytest.raises(UserError, match="pip install invertmeeg"):
        registry.check_installed("average", {"of": [{"kind": "mne"}, optional]})


def test_minimum_norm_of_invertmeeg_is_ours():
    forward = inverse_case.forward()
    eeg = inverse_case.random_data(3, 28, 6)
    normals = np.concatenate([s["nn"][s["vertno"]] for s in forward["src"]])
    gain = np.einsum("enx,nx->en", forward["sol"]["data"].reshape(28, -1, 3), normals)
    values = np.linalg.eigvalsh(gain @ gain.T)
    # Its alpha is relative to the largest eigenvalue, ours to their mean.
    alpha = values.sum() / 27 / 9 / values[-1]
    theirs = registry.estimate("invertmeeg", forward, eeg, solver="mne", alpha=alpha)
    ours = registry.estimate("mne", forward, eeg, orientation="fixed")
    # float32 products on our side.
    np.testing.assert_allclose(theirs, ours, rtol=1e-4)


def test_a_row_of_invertmeeg_is_what_the_package_says():
    import mne
    from invert.invert import Solver

    forward = inverse_case.forward()
    fixed = mne.convert_forward_solution(
        forward, surf_ori=True, force_fixed=True, use_cps=False, verbose="error"
    )
    fixed["sol"]["data"] -= fixed["sol"]["data"].mean(axis=0)
    # Two dipoles: of noise alone its iterations would make another answer with every rounding.
    moments = np.random.default_rng(0).standard_normal((3, fixed["nsource"], 12))
    moments[:, [20, 90]] *= 100
    eeg = 1e-9 * fixed["sol"]["data"] @ moments
    maps = registry.estimate("invertmeeg", forward, eeg, solver="flex-champagne")
    info = mne.create_info(forward["sol"]["row_names"], 250.0, "eeg", verbose="error")
    for ours, window in zip(maps, eeg, strict=True):
        evoked = mne.EvokedArray(window - window.mean(axis=0), info, verbose="error")
        solver = Solver("flex-champagne")
        solver.make_inverse_operator(fixed, evoked, alpha="auto")
        found = np.abs(solver.apply_inverse_operator(evoked).data)
        expected = found.mean(axis=1) / found.max()
        # Rounding, which its iterations amplify to 1e-5.
        np.testing.assert_allclose(ours, expected, atol=1e-3)


def test_some_of_the_channels_are_a_leadfield_of_their_own():
    """Maps by rows of a leadfield are those of a leadfield that has these electrodes alone."""
    few = tuple(name for name in inverse_case.CHANNELS if name not in ("Fz", "T8"))
    picked, alone = forward_of(inverse_case.forward(), few), inverse_case.forward("oct3", few)
    np.testing.assert_allclose(picked["sol"]["data"], alone["sol"]["data"], rtol=1e-5, atol=1e-9)
    eeg = inverse_case.random_data(2, len(few), 5)
    for kind in ("eloreta", "dspm"):
        maps = registry.estimate(kind, picked, eeg)
        np.testing.assert_allclose(maps, registry.estimate(kind, alone, eeg), rtol=1e-3, atol=1e-6)
    assert forward_of(inverse_case.forward(), inverse_case.CHANNELS) is inverse_case.forward()
