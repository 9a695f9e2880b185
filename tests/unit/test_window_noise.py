"""The noise that a solver is told of each window, against the noise that is there."""

from dataclasses import replace

import inverse_case
import numpy as np
import pytest
from solver_case import AR_MODELS, SETTINGS

from multisource.inverse.contract import Estimates
from multisource.inverse.mne_windows import given_to_mne
from multisource.inverse.registry import estimate
from multisource.inverse.solver import read_solver, solve, told_noise
from multisource.inverse.window_noise import WindowNoise, window_noise
from multisource.leadfield.forward import leadfield_of, write_forward
from multisource.simulation.ar_io import read_models
from multisource.simulation.chunks import write_chunk
from multisource.simulation.noise_levels import read_noise
from multisource.simulation.samples import Simulator, simulate_samples
from multisource.simulation.settings import Noise

N_WINDOWS = 600


def simulated(sources, count=N_WINDOWS, **noise):
    """Return leadfield, electrodes, settings and windows with sensor noise."""
    leadfield = leadfield_of(inverse_case.forward())
    electrodes = np.random.default_rng(1).normal(size=(len(leadfield.fixed), 3))
    electrodes *= 90 / np.linalg.norm(electrodes, axis=1, keepdims=True)
    settings = replace(SETTINGS, n_patches=(sources, sources), noise=Noise(**noise))
    simulator = Simulator(
        leadfield.fixed,
        leadfield.positions,
        read_models(AR_MODELS, sfreq=settings.sfreq),
        settings,
        seed=3,
        split="test",
        electrodes=electrodes,
        channels=leadfield.channels,
    )
    return leadfield, electrodes, settings, simulate_samples(simulator, range(count))


@pytest.mark.parametrize("spatial_mm", [0.0, 40.0])
def test_covariance_of_windows_without_sources(spatial_mm):
    """The mean over windows of what a solver is told is the covariance of the windows."""
    leadfield, electrodes, settings, windows = simulated(
        0, snr_db=(-3.0, 3.0), spatial_mm=spatial_mm
    )
    eeg = windows["eeg"].values
    found = window_noise(leadfield.fixed, eeg, windows["snr_db"].values, settings, electrodes)
    told = found.covariances[found.member].mean(axis=0)
    told -= told.mean(axis=0)
    told -= told.mean(axis=1, keepdims=True)
    true = np.einsum("set,sft->ef", eeg, eeg, dtype=float) / N_WINDOWS / eeg.shape[2]
    # 600 windows of some 10 independent samples each: 3 % of sampling error in each entry.
    assert np.linalg.norm(told - true) < 0.05 * np.linalg.norm(true)
    # The background alone is another matrix.
    quiet = window_noise(leadfield.fixed, eeg, np.full(N_WINDOWS, np.inf), settings, electrodes)
    assert len(quiet.covariances) == 1
    assert np.linalg.norm(quiet.covariances[0] - true) > 0.2 * np.linalg.norm(true)


def test_level_of_each_window():
    """The sensor noise's power is within half a step of the true one, sources or not."""
    leadfield, electrodes, settings, windows = simulated(2, snr_db=(0.0, 20.0))
    eeg, snr_db = windows["eeg"].values, windows["snr_db"].values
    found = window_noise(leadfield.fixed, eeg, snr_db, settings, electrodes)
    quiet = window_noise(leadfield.fixed, eeg, np.full(N_WINDOWS, np.inf), settings, electrodes)
    extra = np.trace(found.covariances - quiet.covariances[0], axis1=1, axis2=2) / eeg.shape[1]
    _, _, _, clean = simulated(2)
    true = np.mean((eeg - clean["eeg"].values) ** 2, axis=(1, 2))
    error_db = 10 * np.log10(extra[found.member] / true)
    # Half a decibel of rounding, and the chance of 28 channels and 50 samples.
    assert np.abs(np.median(error_db)) < 0.1
    assert np.quantile(np.abs(error_db), 0.95) < 1.0


def test_windows_are_solved_in_their_order():
    noise = WindowNoise(np.stack([np.eye(2), 2 * np.eye(2)]), np.array([1, 0, 1, 0, 1]))

    def solver(eeg, sfreq, *, noise, true_sources):
        told = np.column_stack([eeg[:, 0, 0], np.full(len(eeg), noise[0, 0]), true_sources])
        return Estimates(told, told, {"more": (("sample",), told[:, 0], {})})

    eeg = np.arange(4.0)[:, None, None]
    found = solve(solver, eeg, 250.0, true_sources=[5, 6, 7, 8, 9], noise=noise)
    expected = [[0, 2, 5], [1, 1, 6], [2, 2, 7], [3, 1, 8]]
    assert found.maps.tolist() == expected
    assert found.coefficients.tolist() == expected
    assert found.variables["more"][1].tolist() == [0, 1, 2, 3]


def test_a_linear_solver_gets_a_kernel_for_each_covariance(tmp_path):
    forward = inverse_case.forward()
    leadfield, electrodes, settings, windows = simulated(1, snr_db=(5.0, 20.0))
    eeg = windows["eeg"].values[:8]
    noise = window_noise(leadfield.fixed, eeg, windows["snr_db"].values[:8], settings, electrodes)
    assert 1 < len(noise.covariances) <= 8
    write_forward(forward, tmp_path / "bem-fwd.fif")
    solver = read_solver(None, tmp_path / "bem-fwd.fif", settings={"kind": "dspm", "snr": 2.0})
    found = solve(solver, eeg, 250.0, noise=noise).maps
    for window in range(8):
        alone = estimate(
            "dspm",
            forward,
            eeg[window : window + 1],
            snr=2.0,
            noise=noise.covariances[noise.member[window]],
        )
        np.testing.assert_allclose(found[window], alone[0], rtol=1e-4)


def test_solvers_of_mne_are_told_how_strong_the_noise_is():
    forward = inverse_case.forward()
    channels = len(inverse_case.CHANNELS)
    random = np.random.default_rng(0).normal(size=(channels, 2 * channels))
    covariance = 1e-12 * random @ random.T
    told = told_noise(forward, covariance, true_sources=[1])
    assert told["true_sources"] == [1]
    given = given_to_mne(
        forward,
        noise_covariance=told["noise"],
        sfreq=250.0,
        study=None,
        measured=told["measured"],
    )
    reference = np.eye(channels) - 1 / channels
    np.testing.assert_allclose(
        given.noise.data, reference @ covariance @ reference, rtol=1e-6, atol=1e-20
    )


def test_what_a_chunk_says_of_its_noise(tmp_path):
    _, _, settings, windows = simulated(1, count=5, snr_db=(5.0, 20.0))
    _, _, _, clean = simulated(1, count=3)
    for name, dataset in (("noisy", windows), ("clean", clean)):
        write_chunk(tmp_path / f"{name}.nc", dataset)
    read, snr_db = read_noise([tmp_path / "noisy.nc"])
    assert read == settings
    np.testing.assert_array_equal(snr_db, windows["snr_db"].values)
    read, snr_db = read_noise([tmp_path / "clean.nc"])
    assert read.noise.snr_db is None
    np.testing.assert_array_equal(snr_db, np.full(3, np.inf))
