"""The fast path equals the dense path: by algebra, by equal draws, and in distribution."""

import numpy as np
import pytest
from simulation_case import active_sources, sensor_covariances

from multisource.simulation import streams
from multisource.simulation.ar import ARModels, autocovariance, stationary_series
from multisource.simulation.continuous import continuous_eeg
from multisource.simulation.patches import PatchDrawer, Patches
from multisource.simulation.project import mixing, prepare
from multisource.simulation.samples import Simulator
from multisource.simulation.settings import Settings
from multisource.simulation.synchronise import (
    dense_sources,
    source_weights,
)
from multisource.simulation.truth import SparseTruth

N, E, T = 400, 7, 20
MODELS = ARModels(
    ("slow", "alpha", "white"),
    (np.array([0.95]), np.array([1.6, -0.9]), np.array([0.1])),
    np.array([0.5, 0.3, 0.2]),
    250.0,
)
SETTINGS = Settings(window_s=T / 250, n_patches=(2, 3), extent_mm=(40.0, 60.0))


@pytest.fixture(scope="module")
def head():
    rng = np.random.default_rng(8)
    positions = rng.uniform(-35, 35, (N, 3))
    gain = 20 * rng.standard_normal((E, N))
    return gain - gain.mean(axis=0), positions  # average reference: rank E - 1


@pytest.fixture(scope="module")
def simulator(head):
    return Simulator(*head, MODELS, SETTINGS, seed=1, split="train")


def one(patches: Patches, s: int) -> Patches:
    truth = patches.truth
    span = slice(truth.offset[s], truth.offset[s + 1])
    alone = SparseTruth(
        np.array([0, span.stop - span.start]),
        truth.dipole[span],
        truth.coefficient[span],
        truth.centre[s : s + 1],
        truth.n_dipoles,
    )
    return Patches(alone, patches.extents_mm[s : s + 1], patches.coefficients[span])


def test_the_sparse_weights_reproduce_the_papers_formulas_dipole_by_dipole(head):
    # Same draws on both sides: only rounding may differ.
    gain, positions = head
    near = np.argsort(np.linalg.norm(positions - positions[3], axis=1))[4]
    patches = PatchDrawer(positions).fill([[3, near, 200]], [[50.0, 60.0, 40.0]])
    assert (patches.coefficients.sum(axis=1) > 1).any()  # overlaps beyond 1 are among them
    rng = np.random.default_rng(0)
    series = rng.standard_normal((N, T))
    dense = dense_sources(
        series, patches.truth.centre[0], patches.truth.dipole, patches.coefficients, boost=10.0
    )
    active = active_sources(
        series[patches.truth.dipole],
        series[patches.truth.centre[0]],
        patches.coefficients,
        boost=10.0,
    )
    # The coefficients are float32, the arithmetic float64.
    np.testing.assert_allclose(dense[patches.truth.dipole], active, atol=1e-5)
    inactive = np.setdiff1d(np.arange(N), patches.truth.dipole)
    np.testing.assert_array_equal(dense[inactive], series[inactive])
    # And so at the sensors: active dipoles one by one, plus the background of all others.
    sensors = gain[:, patches.truth.dipole] @ active + gain[:, inactive] @ series[inactive]
    np.testing.assert_allclose(gain @ dense, sensors, atol=1e-5 * np.abs(sensors).max())


def test_a_single_patch_follows_the_papers_first_formula(head):
    _, positions = head
    patches = PatchDrawer(positions).fill([[3]], [[50.0]])
    series = np.random.default_rng(0).standard_normal((N, T))
    dense = dense_sources(
        series, patches.truth.centre[0], patches.truth.dipole, patches.coefficients, boost=10.0
    )
    for j, coefficient in zip(patches.truth.dipole, patches.coefficients[:, 0], strict=True):
        blended = coefficient * series[3] + (1 - coefficient) * series[j]
        np.testing.assert_allclose(dense[j], 10 * blended, atol=1e-12)
    np.testing.assert_allclose(dense[3], 10 * series[3], atol=1e-12)


def test_the_sensor_covariance_of_every_class_is_exact(head, simulator):
    # Algebra, no draws: dewhiten @ U' U @ dewhiten' against the weighted sum over all 400 dipoles.
    gain, _ = head
    patches = simulator.patches(np.arange(6, dtype=np.uint64))
    mixed = mixing(simulator.projector, patches, boost=10.0)
    rank = simulator.projector.dewhiten.shape[1]
    dewhiten = simulator.projector.dewhiten.astype(float)
    for s in range(6):
        sample = one(patches, s)
        _, own = source_weights(sample.coefficients, boost=10.0)
        exact = sensor_covariances(gain, simulator.classes, sample.truth.dipole, own, 3)
        for m in range(3):
            fast = dewhiten @ mixed[s, m * rank : (m + 1) * rank].T.astype(float)
            # float32: 24 bits, E columns and up to 100-fold weights
            np.testing.assert_allclose(fast @ fast.T, exact[m], atol=2e-5 * np.abs(exact[m]).max())


def test_the_coherent_part_is_exact_for_equal_centre_series(head, simulator):
    # Zero every series but the centres': the fast path must give what the dense path gives.
    gain, _ = head
    indices = np.arange(4, dtype=np.uint64)
    patches = simulator.patches(indices)
    rank = simulator.projector.dewhiten.shape[1]
    centre_white = np.random.default_rng(3).standard_normal((4, 3, T)).astype(np.float32)
    fast = simulator.assemble(patches, np.zeros((4, 3, rank, T), dtype=np.float32), centre_white)
    for s in range(4):
        sample = one(patches, s)
        series = np.zeros((N, T))
        for p, centre in enumerate(sample.truth.centre[0]):
            if centre >= 0:
                factor = simulator._temporal[simulator.classes[centre]].astype(float)
                series[centre] = centre_white[s, p] @ factor
        given = sample.truth.centre[0] >= 0
        dense = (
            1e-9
            * gain
            @ dense_sources(
                series,
                sample.truth.centre[0][given],
                sample.truth.dipole,
                sample.coefficients[:, given],
                boost=10.0,
            )
        )
        np.testing.assert_allclose(fast[s], dense, atol=3e-6 * np.abs(dense).max())


def lagged(x, lag):
    """Mean of x_t x'_{t + lag} over samples and times: (E, E) from (S, E, T)."""
    t = x.shape[2] - lag
    return np.einsum("set,sft->ef", x[:, :, :t], x[:, :, lag:]) / (x.shape[0] * t)


def exact_lagged(gain, classes, sample, boost):
    """Exact lagged covariances (T, E, E) of the dense model of one set of patches."""
    shared, own = source_weights(sample.coefficients, boost=boost)
    topographies = gain[:, sample.truth.dipole] @ shared
    covariances = sensor_covariances(gain, classes, sample.truth.dipole, own, 3)
    r = np.stack([autocovariance(a, T) for a in MODELS.coefficients])
    out = np.einsum("mef,mt->tef", covariances, r)
    for topography, centre in zip(topographies.T, sample.truth.centre[0], strict=True):
        if centre >= 0:
            out += r[classes[centre]][:, None, None] * np.outer(topography, topography)
    return 1e-18 * out


def standard_error(exact, lag, n):
    """Standard error of ``lagged`` for Gaussian samples (Isserlis), (E, E).

    Cov(x_t y_{t+k}, x_s y_{s+k}) = R_xx(s-t) R_yy(s-t) + R_xy(s-t+k) R_yx(s-t-k); windows are
    independent, times within one are not.
    """
    count = T - lag
    full = lambda k: exact[k] if k >= 0 else exact[-k].T  # noqa: E731
    variance = np.zeros_like(exact[0])
    for d in range(-(count - 1), count):
        auto = np.diag(full(d))
        cross = 0.0
        if abs(d + lag) < T and abs(d - lag) < T:
            cross = full(d + lag) * full(d - lag)
        variance += (count - abs(d)) * (np.outer(auto, auto) + cross)
    return np.sqrt(variance / count**2 / n)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["fast windows", "fast recording", "dense"])
def test_lagged_covariances_agree_with_theory_within_sampling_error(head, simulator, path):
    gain, positions = head
    patches = PatchDrawer(positions, simulator.classes).fill([[3, 77, -1]], [[50.0, 60.0, 0.0]])
    sample = one(patches, 0)
    n = 3000
    if path == "fast windows":
        repeated = Patches(
            patches.truth.repeated(n),
            np.repeat(patches.extents_mm, n, axis=0),
            np.tile(patches.coefficients, (n, 1)),
        )
        rank = simulator.projector.dewhiten.shape[1]
        indices = np.arange(n, dtype=np.uint64)
        white = streams.normals(simulator.key, 2, indices, 3 * rank * T)
        centres = streams.normals(simulator.key, 1, indices, 3 * T)
        eeg = simulator.assemble(
            repeated, white.reshape(n, 3, rank, T), centres.reshape(n, 3, T)
        ).astype(float)
    elif path == "fast recording":
        # Windows apart from each other by 200 samples are independent for these models.
        rng = np.random.default_rng(4)
        long = continuous_eeg(simulator, patches, n_times=n * 200, generator=rng)
        eeg = long.reshape(E, n, 200)[:, :, :T].transpose(1, 0, 2)
    else:
        n = 1000
        rng = np.random.default_rng(5)
        eeg = np.empty((n, E, T))
        for s in range(n):
            series = np.empty((N, T))
            for m, a in enumerate(MODELS.coefficients):
                members = np.flatnonzero(simulator.classes == m)
                series[members] = stationary_series(a, len(members), T, rng)
            sources = dense_sources(
                series,
                sample.truth.centre[0][:2],
                sample.truth.dipole,
                sample.coefficients[:, :2],
                boost=10.0,
            )
            eeg[s] = 1e-9 * gain @ sources
    exact = exact_lagged(gain, simulator.classes, sample, 10.0)
    worst = max(
        np.abs((lagged(eeg, lag) - exact[lag]) / standard_error(exact, lag, n)).max()
        for lag in (0, 1, 4, 10)
    )
    # 4 lags x 49 entries of a unit normal: 5 is passed by chance once in 10,000.
    assert worst < 5.0


def test_spectra_of_the_paths_agree_with_theory(head, simulator):
    # Periodogram of a recording, averaged over independent segments; each ordinate is
    # exponential, so its mean over n segments has a relative error of 1 / sqrt(n).
    gain, positions = head
    patches = PatchDrawer(positions, simulator.classes).fill([[10]], [[50.0]])
    n, length = 1500, 256
    eeg = continuous_eeg(
        simulator,
        patches,
        n_times=n * length,
        generator=np.random.default_rng(9),
    )
    segments = eeg.reshape(E, n, length)
    power = (np.abs(np.fft.rfft(segments, axis=2)) ** 2).mean(axis=1) / length
    _, own = source_weights(patches.coefficients, boost=10.0)
    shared, _ = source_weights(patches.coefficients, boost=10.0)
    topography = gain[:, patches.truth.dipole] @ shared[:, 0]
    covariances = sensor_covariances(gain, simulator.classes, patches.truth.dipole, own, 3)
    scale = np.stack([np.diag(c) for c in covariances], axis=1)
    scale[:, simulator.classes[10]] += topography**2
    # Expected periodogram of a finite segment: the transform of the tapered autocovariance.
    lags = np.arange(length)
    expected = np.zeros((E, length // 2 + 1))
    for m, a in enumerate(MODELS.coefficients):
        tapered = autocovariance(a, length) * (1 - lags / length)
        density = 2 * np.fft.rfft(tapered).real - tapered[0]
        expected += 1e-18 * scale[:, m : m + 1] * density
    # Segments follow one another, so neighbours share some of the slow power: allow that the
    # number of independent ones is half. 7 channels x 129 frequencies: 5 standard errors.
    assert np.abs(power / expected - 1).max() < 5 * np.sqrt(2 / n)


def test_rank_is_kept_under_average_reference(head):
    gain, _ = head
    projector = prepare(gain, np.zeros(N, dtype=int), 1)
    assert projector.dewhiten.shape == (E, E - 1)
    np.testing.assert_allclose(
        projector.dewhiten.astype(float) @ projector.rows.astype(float).T,
        gain,
        atol=1e-5 * np.abs(gain).max(),
    )
