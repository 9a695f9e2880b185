"""Temporal module: stationarity, unit variance, spectra, the table, refusals."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.linalg import toeplitz
from statsmodels.tsa.arima_process import ArmaProcess

from multisource.errors import UserError
from multisource.simulation.ar import (
    ARModels,
    assign_classes,
    autocovariance,
    check_stable,
    innovation_variance,
    model_from_spectrum,
    power_spectrum,
    resample_model,
    stationary_series,
    window_factor,
)
from multisource.simulation.ar_io import parametric_spectrum, read_models, write_models

TABLE = Path(__file__).parents[2] / "resources" / "ar-models.yaml"
ALPHA = np.array([1.6, -0.9])  # poles of modulus 0.95 near 0.09 turns


def test_autocovariance_matches_statsmodels():
    ours = autocovariance(ALPHA, 40)
    theirs = ArmaProcess(np.r_[1, -ALPHA], [1]).acovf(40)
    np.testing.assert_allclose(ours, theirs / theirs[0], atol=1e-10)
    assert innovation_variance(ALPHA) == pytest.approx(1 / theirs[0], rel=1e-10)


def test_window_factor_is_the_exact_root_of_the_toeplitz_covariance():
    factor = window_factor(ALPHA, 50)
    np.testing.assert_allclose(factor @ factor.T, toeplitz(autocovariance(ALPHA, 50)), atol=1e-12)


@pytest.mark.parametrize("a", [np.array([0.95]), ALPHA, np.array([0.5, 0.2, -0.1, 0.15])])
def test_long_series_are_stationary_from_the_first_sample(a):
    n, t = 20_000, 12
    x = stationary_series(a, n, t, np.random.default_rng(0))
    exact = toeplitz(autocovariance(a, t))
    # Var of a product of two unit normals with correlation r is 1 + r^2; 5 standard errors over
    # 78 distinct entries leave a false alarm below 1e-4.
    error = np.sqrt((1 + exact**2) / n)
    assert np.all(np.abs(x.T @ x / n - exact) < 5 * error)


def test_series_shorter_than_the_order_are_exact_too():
    a = np.array([0.3, 0.2, 0.1, 0.1, 0.05])
    x = stationary_series(a, 40_000, 3, np.random.default_rng(1))
    exact = toeplitz(autocovariance(a, 3))
    assert np.all(np.abs(x.T @ x / 40_000 - exact) < 5 * np.sqrt((1 + exact**2) / 40_000))


def test_power_spectrum_integrates_to_unit_variance():
    freqs = np.linspace(0, 125, 20_001)
    assert np.trapezoid(power_spectrum(ALPHA, freqs, 250.0), freqs) == pytest.approx(1, abs=1e-4)


def test_a_model_from_its_own_spectrum_is_itself():
    freqs = np.linspace(0, 125, 8193)
    back = model_from_spectrum(power_spectrum(ALPHA, freqs, 250.0), 250.0, 2)
    np.testing.assert_allclose(back, ALPHA, atol=1e-6)


def test_resampling_keeps_the_spectrum_below_both_nyquists():
    new = resample_model(ALPHA, 250.0, 500.0)
    freqs = np.linspace(1, 100, 100)
    old = power_spectrum(ALPHA, freqs, 250.0)
    ratio = power_spectrum(new, freqs, 500.0) / old
    # The level may shift by the power above the old Nyquist; the shape must stay within 1 dB.
    assert np.ptp(10 * np.log10(ratio)) < 1.0


def test_the_table_has_the_peaks_it_names_and_is_stable_at_any_rate():
    for sfreq in (100.0, 250.0, 1000.0):
        models = read_models(TABLE, sfreq=sfreq)
        assert models.names == ("frontal", "parietal", "temporal", "occipital")
        assert models.shares.sum() == pytest.approx(1)
    models = read_models(TABLE, sfreq=250.0)
    freqs = np.linspace(2, 45, 800)
    for name, band in {"occipital": (9.25, 10.25), "parietal": (8.25, 9.25)}.items():
        a = models.coefficients[models.names.index(name)]
        corrected = power_spectrum(a, freqs, 250.0) * freqs**1.4
        alpha = (freqs > 6) & (freqs < 14)
        peak = freqs[alpha][np.argmax(corrected[alpha])]
        # An AR(30) at 250 Hz resolves some 0.5 Hz at 10 Hz.
        assert band[0] - 0.5 < peak < band[1] + 0.5


@pytest.mark.parametrize("sfreq", [100.0, 250.0, 1000.0])
def test_ar_spectra_follow_the_parametric_spectra(sfreq):
    # Where the table's spectrum has power (2-45 Hz) the AR model keeps its shape within 3 dB, at
    # any rate: its memory is fixed in seconds, not in samples.
    content = yaml.safe_load(TABLE.read_text())["models"]
    models = read_models(TABLE, sfreq=sfreq)
    freqs = np.linspace(2, 45, 200)
    for name, a in zip(models.names, models.coefficients, strict=True):
        wanted = parametric_spectrum(freqs, content[name]["spectrum"])
        decibel = 10 * np.log10(power_spectrum(a, freqs, sfreq) / wanted)
        assert np.abs(decibel - np.median(decibel)).max() < 3.0, name


def test_classes_follow_the_shares_and_the_seed():
    models = read_models(TABLE, sfreq=250.0)
    one = assign_classes(models, 8196, np.random.default_rng(1))
    again = assign_classes(models, 8196, np.random.default_rng(1))
    other = assign_classes(models, 8196, np.random.default_rng(2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert np.all(np.abs(np.bincount(one) - models.shares * 8196) < 1)


def test_written_models_read_back(tmp_path):
    models = ARModels(
        ("a", "b"),
        (ALPHA, np.array([0.5])),
        np.array([0.25, 0.75]),
        250.0,
        "made",
        np.array([0, 1, 1, 1]),
    )
    write_models(tmp_path / "m.yaml", models)
    back = read_models(tmp_path / "m.yaml", sfreq=250.0)
    for ours, theirs in zip(models.coefficients, back.coefficients, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    np.testing.assert_array_equal(assign_classes(back, 4, None), [0, 1, 1, 1])
    assert back.source == "made"
    with pytest.raises(UserError, match="their map holds 4 dipoles, the leadfield 5"):
        assign_classes(back, 5, None)


@pytest.mark.parametrize("a", [[1.0], [2.0, -1.0], [1.01], [np.nan]])
def test_unstable_models_are_refused(a):
    with pytest.raises(UserError, match="unstable|not finite"):
        check_stable(np.array(a), "mine")
