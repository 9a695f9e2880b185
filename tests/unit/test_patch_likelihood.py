"""The compiled likelihood of patches against dense covariances."""

import numpy as np
import pytest
from patch_case import N_CHANNELS as E
from patch_case import N_DIPOLES as N
from patch_case import N_TIMES as T
from patch_case import ar_models as models
from patch_case import small_head
from scipy.linalg import toeplitz
from scipy.stats import multivariate_normal

from multisource.errors import UserError
from multisource.posterior.likelihood import log_likelihood
from multisource.posterior.model import PatchModel, build_model, neighbours
from multisource.simulation.ar import autocovariance
from multisource.simulation.patches import PatchDrawer
from multisource.simulation.synchronise import source_weights

NAM = 2.0


@pytest.fixture(scope="module")
def head():
    """Return leadfield and positions."""
    return small_head()


def dense_space(gain, positions, centres, extents, boost):
    """Covariance of the independent parts, and topographies, by the simulator's own weights."""
    gain = gain - gain.mean(axis=0)
    patches = PatchDrawer(positions).fill([centres], [extents])
    dipoles = patches.truth.dipole
    shared, own = source_weights(patches.coefficients.astype(float), boost=boost)
    weights = np.ones(N)
    weights[dipoles] = own
    return (gain * weights**2) @ gain.T, gain[:, dipoles] @ shared


def jacobian(model: PatchModel):
    """Logarithm of the determinant of the whitening, from volts to whitened numbers."""
    basis = np.linalg.svd(np.eye(E) - 1 / E)[0][:, : E - 1]
    space = np.linalg.slogdet(model.space @ basis / (NAM * 1e-9))[1]
    return basis, T * space + (E - 1) * np.linalg.slogdet(model.time)[1]


@pytest.mark.parametrize(
    "centres, extents", [([], []), ([5], [50.0]), ([5, 40, 9], [60.0, 45, 30])]
)
def test_equals_the_dense_covariance_of_the_simulation(head, centres, extents):
    """One class of time courses: nothing is approximate, patches may overlap."""
    gain, positions = head
    if len(centres) > 1:  # two that overlap
        centres[1] = int(np.argsort(np.linalg.norm(positions - positions[5], axis=1))[3])
    a = models([1.2, -0.5])
    model = build_model(gain, positions, a, n_times=T, largest_mm=60.0)
    eeg = np.random.default_rng(0).standard_normal((E, T)) * 1e-4
    eeg -= eeg.mean(axis=0)
    basis, shift = jacobian(model)
    if centres:
        space, topographies = dense_space(gain, positions, centres, extents, boost=8.0)
        space = space + topographies @ topographies.T
    else:
        centred = gain - gain.mean(axis=0)
        space = centred @ centred.T
    space = basis.T @ space @ basis * (1.1 * NAM * 1e-9) ** 2
    covariance = np.kron(space, toeplitz(autocovariance(a.coefficients[0], T)))
    expected = multivariate_normal(cov=covariance, allow_singular=False).logpdf(
        (basis.T @ eeg).ravel()
    )
    window = model.whitened(eeg, background_nam=NAM)
    value = log_likelihood(
        model.geometry, model.spectra, window, centres, extents, boost=8.0, scale=1.1
    )
    # The leadfield's rows are in single precision.
    assert value + shift == pytest.approx(expected, rel=1e-6)


def test_equals_the_dense_covariance_with_noise_widening_and_classes(head):
    """The covariance that the module writes down, over all components of time at once."""
    gain, positions = head
    a = models([1.2, -0.5], [0.5], [-0.3], shares=[0.5, 0.3, 0.2])
    model = build_model(gain, positions, a, n_times=T, largest_mm=60.0)
    centres, extents, classes = [7, 100], [55.0, 60.0], [2, 0]
    noise, widening, scale, gains = 0.3, 0.05, 0.9, np.array([0.8, 1.3])
    rng = np.random.default_rng(1)
    window = rng.standard_normal((E - 1, T)) * 3
    space, topographies = dense_space(gain, positions, centres, extents, boost=8.0)
    space, topographies = model.space @ space @ model.space.T, model.space @ topographies * gains
    spectra = model.spectra
    covariance = np.kron(np.eye(T), space)
    level = np.repeat(spectra.level, np.diff(spectra.group))
    covariance += noise * np.kron(np.diag(level), np.diag(spectra.noise))
    power = (topographies**2).sum()
    covariance += widening * power / (E - 1) * np.eye(T * (E - 1))
    for p, c in enumerate(classes):
        outer = np.outer(topographies[:, p], topographies[:, p])
        covariance += np.kron(np.diag(spectra.roots[c] ** 2), outer)
    expected = multivariate_normal(cov=scale**2 * covariance).logpdf(window.T.ravel())
    value = log_likelihood(
        model.geometry,
        spectra,
        window,
        centres,
        extents,
        boost=8.0,
        scale=scale,
        noise=noise,
        widening=widening,
        classes=classes,
        gains=gains,
    )
    assert value == pytest.approx(expected, rel=1e-6)


def test_whitening_makes_background_and_noise_what_the_model_says(head):
    gain, positions = head
    a = models([1.2, -0.5], [0.5], shares=[0.6, 0.4])
    model = build_model(gain, positions, a, n_times=T, largest_mm=60.0)
    centred = gain - gain.mean(axis=0)
    np.testing.assert_allclose(
        model.space @ centred @ centred.T @ model.space.T, np.eye(8), atol=1e-9
    )
    mean = sum(
        share * toeplitz(autocovariance(c, T))
        for share, c in zip(a.shares, a.coefficients, strict=True)
    )
    np.testing.assert_allclose(model.time.T @ mean @ model.time, np.eye(T), atol=1e-9)
    # Noise of the background's variance at the mean channel, white in time.
    variance = np.trace(centred @ centred.T) / E
    np.testing.assert_allclose(
        model.space @ model.space.T * variance, np.diag(model.spectra.noise), atol=1e-9
    )
    level = np.repeat(model.spectra.level, np.diff(model.spectra.group))
    exact = np.diag(model.time.T @ model.time)
    assert (np.abs(np.log(level / exact)) < np.log(2.5)).all()
    # A common mode, which a reference adds, is not seen.
    eeg = np.random.default_rng(0).standard_normal((2, E, T))
    moved = eeg + np.random.default_rng(1).standard_normal((2, 1, T))
    np.testing.assert_allclose(
        model.whitened(eeg, background_nam=1.0),
        model.whitened(moved, background_nam=1.0),
        rtol=1e-7,
    )


def test_neighbours_are_all_within_the_radius_and_sorted(head):
    _, positions = head
    start, near, distance = neighbours(positions, 25.0)
    every = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    for i in range(0, N, 17):
        part = slice(start[i], start[i + 1])
        assert near[start[i]] == i and (np.diff(distance[part]) >= 0).all()
        assert sorted(near[part]) == np.flatnonzero(every[i] < 25.0).tolist()
        np.testing.assert_allclose(distance[part], every[i, near[part]], rtol=1e-6)


def test_what_does_not_fit_is_refused(head):
    gain, positions = head
    with pytest.raises(UserError, match="does not fit"):
        build_model(gain, positions[:5], models([0.5]), n_times=T, largest_mm=60.0)
    model = build_model(gain, positions, models([0.5]), n_times=T, largest_mm=60.0)
    with pytest.raises(UserError, match="eeg: windows"):
        model.whitened(np.zeros((E, T + 1)), background_nam=1.0)
