"""AR models fitted to recordings: known models come back; bad recordings are refused by name."""

import numpy as np
import pytest

from multisource.errors import UserError
from multisource.recordings.reading import read_recording
from multisource.simulation.ar import ARModels, autocovariance, power_spectrum, stationary_series
from multisource.simulation.ar_io import read_models, write_models
from multisource.simulation.fit import fit_models, lagged_covariances, source_power

ALPHA = np.array([1.6, -0.9])
BETA = np.array([0.9, -0.7])
NAMES = [f"E{i}" for i in range(12)]
N_TIMES = 30_000


def sources(seed=0):
    rng = np.random.default_rng(seed)
    classes = np.array([0] * 6 + [1] * 6)
    series = np.empty((12, N_TIMES))
    for m, a in enumerate((ALPHA, BETA)):
        series[classes == m] = stationary_series(a, 6, N_TIMES, rng)
    return series, classes


def recording():
    """Sources seen by a square, average-referenced gain, and the kernel that undoes it."""
    series, classes = sources()
    gain = np.random.default_rng(1).standard_normal((12, 12))
    gain -= gain.mean(axis=0)
    return [1e-5 * gain @ series], np.linalg.pinv(gain), classes


def test_known_models_and_their_places_come_back():
    # The average reference loses one of 12 dimensions, so that a twelfth of the other class's
    # power leaks in; the fitted spectra must lie within 1.5 dB around the peaks.
    segments, kernel, classes = recording()
    fit = fit_models(segments, kernel, sfreq=250.0, n_models=2, order=10)
    same = fit.models.classes == classes
    assert same.all() or not same.any()
    order = (0, 1) if same.all() else (1, 0)
    freqs = np.linspace(5, 60, 200)
    for a, m in zip((ALPHA, BETA), order, strict=True):
        true = power_spectrum(a, freqs, 250.0)
        strong = true > 0.2 * true.max()
        found = power_spectrum(fit.models.coefficients[m], freqs, 250.0)
        assert np.abs(10 * np.log10(found / true))[strong].max() < 1.5
    np.testing.assert_allclose(fit.models.shares, [0.5, 0.5])


def test_the_fitted_spectrum_follows_the_measured_one():
    segments, kernel, _ = recording()
    fit = fit_models(segments, kernel, sfreq=250.0, n_models=2, order=10)
    band = (fit.freqs > 3) & (fit.freqs < 80)
    for a, measured in zip(fit.models.coefficients, fit.measured, strict=True):
        fitted = power_spectrum(a, fit.freqs[band], 250.0)
        # Welch over some 180 half-overlapping segments and 6 dipoles: 5 % a frequency.
        decibel = 10 * np.log10(fitted / measured[band])
        assert np.sqrt(np.mean(decibel**2)) < 1.0


def test_regions_and_free_orientation():
    segments, kernel, classes = recording()
    fit = fit_models(
        segments,
        np.repeat(kernel, 3, axis=0),
        sfreq=250.0,
        orientations=3,
        regions=classes,
        order=10,
    )
    plain = fit_models(segments, kernel, sfreq=250.0, regions=classes, order=10)
    for one, other in zip(fit.models.coefficients, plain.models.coefficients, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
    np.testing.assert_array_equal(fit.models.classes, classes)
    with pytest.raises(UserError, match="regions: 5 labels"):
        fit_models(segments, kernel, sfreq=250.0, regions=classes[:5], order=10)


def test_lagged_covariances_match_theory_and_quadratic_forms_the_series():
    x = stationary_series(ALPHA, 3, 100_000, np.random.default_rng(2))
    covariances = lagged_covariances([x[:, :60_000], x[:, 60_000:]], 5)
    # Bartlett: the variance of an autocovariance is about the sum of squared autocovariances
    # over T, here 20 / 100,000.
    expected = autocovariance(ALPHA, 5)
    for lag in range(5):
        assert np.abs(np.diag(covariances[lag]) - expected[lag]).max() < 5 * np.sqrt(20 / 1e5)
    kernel = np.random.default_rng(3).standard_normal((4, 3))
    series = kernel @ x
    direct = (series[:, :-2] * series[:, 2:]).sum(axis=1) / x.shape[1]
    whole = lagged_covariances([x], 3)
    np.testing.assert_allclose(source_power(kernel, whole, 4)[:, 2], direct, rtol=1e-9)


def test_a_fit_can_be_stored_and_used(tmp_path):
    segments, kernel, _ = recording()
    fit = fit_models(segments, kernel, sfreq=250.0, n_models=2, order=10, source="my recording")
    write_models(tmp_path / "mine.yaml", fit.models)
    back = read_models(tmp_path / "mine.yaml", sfreq=250.0)
    assert isinstance(back, ARModels) and back.source == "my recording"
    np.testing.assert_array_equal(back.classes, fit.models.classes)


def write_raw(path, data, sfreq=500.0, names=NAMES):
    import mne

    info = mne.create_info(list(names), sfreq, "eeg")
    raw = mne.io.RawArray(data, info, verbose="error")
    raw.save(path, overwrite=True, verbose="error")
    return raw


def test_any_recording_mne_reads_is_read_and_resampled(tmp_path):
    import mne

    rng = np.random.default_rng(0)
    data = 1e-5 * rng.standard_normal((12, 500 * 60))
    raw = write_raw(tmp_path / "rest_raw.fif", data)
    recorded = read_recording(tmp_path / "rest_raw.fif", ["e3", "E0"], sfreq=250.0)
    assert recorded.sfreq == 250.0 and len(recorded.segments) == 1
    assert recorded.duration_s == pytest.approx(60, abs=0.1)
    # Two channels, average reference: one is minus the other.
    np.testing.assert_allclose(recorded.segments[0][0], -recorded.segments[0][1])
    raw.set_annotations(mne.Annotations([20.0], [10.0], ["BAD movement"]))
    raw.save(tmp_path / "rest_raw.fif", overwrite=True, verbose="error")
    parts = read_recording(tmp_path / "rest_raw.fif", NAMES, sfreq=250.0)
    lengths = [round(s.shape[1] / 250) for s in parts.segments]
    assert lengths == [20, 30]


def test_bad_recordings_are_refused_by_name(tmp_path):
    rng = np.random.default_rng(0)
    good = 1e-5 * rng.standard_normal((12, 500 * 40))
    path = tmp_path / "bad_raw.fif"
    with pytest.raises(UserError, match="bad_raw.fif: the recording does not exist"):
        read_recording(path, NAMES, sfreq=250.0)
    path.write_bytes(b"not a recording")
    with pytest.raises(UserError, match="bad_raw.fif: MNE cannot read"):
        read_recording(path, NAMES, sfreq=250.0)
    write_raw(path, good)
    with pytest.raises(UserError, match="lacks the channel.s. Oz"):
        read_recording(path, ["E1", "Oz"], sfreq=250.0)
    with pytest.raises(UserError, match="40.0 s of usable data are too short; give at least 60"):
        read_recording(path, NAMES, sfreq=250.0, shortest_s=60)
    flat = good.copy()
    flat[4] = 1e-5
    write_raw(path, flat)
    with pytest.raises(UserError, match="E4 are flat"):
        read_recording(path, NAMES, sfreq=250.0)
    write_raw(path, good * 1e6)
    with pytest.raises(UserError, match="above 5 mV rms"):
        read_recording(path, NAMES, sfreq=250.0)
    broken = good.copy()
    broken[2, 100] = np.nan
    write_raw(path, broken)
    with pytest.raises(UserError, match="not finite"):
        read_recording(path, NAMES, sfreq=250.0)


def test_a_recording_too_short_for_its_order_is_refused():
    segments, kernel, _ = recording()
    with pytest.raises(UserError, match="too short for AR models of order 301"):
        fit_models(segments, kernel, sfreq=250.0, order=301)
    with pytest.raises(UserError, match="kernel: shape"):
        fit_models(segments, kernel[:, :5], sfreq=250.0)
