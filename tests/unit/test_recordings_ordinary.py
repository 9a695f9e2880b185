"""The background of a recording, what chance shows, and maps whitened by what was measured."""

import inverse_case
import mne
import numpy as np
import pytest
import torch
from network_case import CHANNELS, DIPOLES, TIMES, tiny_gain
from scipy.signal import lfilter

from multisource.certainty.certainty import Certainty, tell_sources
from multisource.certainty.chance import beyond_chance
from multisource.certainty.logistic import Line
from multisource.errors import UserError
from multisource.inverse.contract import Estimates
from multisource.inverse.solver_leadfield import prepare
from multisource.network.contract import ForwardModel
from multisource.network.registry import build_network
from multisource.recordings.account import Account
from multisource.recordings.background import (
    Background,
    fit_level,
    measure_background,
    ordinary_power,
)
from multisource.recordings.chance import by_chance, drawn_like, shifted, sign_flipped
from multisource.recordings.measured import Whitening, map_measured, show_recording
from multisource.recordings.measuring import measure_ordinary
from multisource.recordings.noise import measure, with_noise
from multisource.recordings.ordinary import (
    against,
    read_ordinary,
    write_ordinary,
)
from multisource.recordings.settings import RecordingSettings
from multisource.recordings.solved import weighted
from multisource.recordings.stretches import Stretches, stretches_of

SFREQ = 100.0


@pytest.fixture
def rng():
    return np.random.default_rng(4)


def stretches(parts, single=()):
    count = len(parts)
    return Stretches(
        list(parts), [0.0] * count, list(range(count)), 1, SFREQ, Account(), list(single)
    )


def test_the_autocovariance_is_that_of_the_process(rng):
    white = rng.standard_normal((2, 60_000))
    slow = lfilter([1.0], [1.0, -0.8], white, axis=1)
    measured = measure_background([slow], SFREQ, aperiodic=False)
    lags = measured.of_components(np.eye(2), 6)
    # A mean of 600 segments: a standard error of some 3 % of the variance.
    assert lags == pytest.approx(np.tile(0.8 ** np.arange(6) / (1 - 0.64), (2, 1)), abs=0.25)


def test_of_a_spectrum_with_a_rhythm_the_line_between_is_the_background():
    frequencies = np.arange(0, 50.5, 0.5)
    line = 3.0 / np.maximum(frequencies, 1.0) ** 1.4
    rhythm = 30 * line[20] * np.exp(-0.5 * ((frequencies - 10) / 0.8) ** 2)
    noise = np.exp(0.1 * np.random.default_rng(0).standard_normal(len(line)))
    found = ordinary_power(frequencies, (line + rhythm) * noise)
    inside = (frequencies >= 1) & (frequencies <= 45)
    assert found[inside] == pytest.approx(line[inside], rel=0.25)
    assert found[20] < 0.05 * (line + rhythm)[20]


def test_the_covariance_takes_components_for_independent(rng):
    mixed = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    series = mixed.T @ (np.array([[3.0], [1.0], [0.2]]) * rng.standard_normal((3, 40_000)))
    measured = measure_background([series], SFREQ, aperiodic=False)
    expected = mixed.T @ np.diag([9.0, 1.0, 0.04]) @ mixed
    assert measured.covariance(mixed) == pytest.approx(expected, abs=0.3)


def test_turned_epochs_lose_what_follows_the_event_and_keep_the_noise(rng):
    evoked = 5 * np.sin(np.arange(50) / 5) * np.ones((4, 1))
    assert sign_flipped(np.tile(evoked, (7, 1, 1)), rng, 3) == pytest.approx(0, abs=1e-9)
    noise = rng.standard_normal((31, 4, 50))
    averages = sign_flipped(evoked + noise, rng, 60)
    assert averages.std() == pytest.approx(1 / np.sqrt(31), rel=0.05)


def test_drawn_noise_has_the_covariances_of_what_it_is_drawn_from(rng):
    stretch = lfilter([1.0], [1.0, -0.7], rng.standard_normal((3, 60)), axis=1)
    drawn = drawn_like(stretch, rng, 200, 300)
    assert drawn.shape == (200, 3, 300)
    for lag in (0, 3):
        # No sample is beyond the stretch: those sums are over fewer.
        expected = stretch[:, lag:] @ stretch[:, : 60 - lag].T / 60
        found = np.einsum("set,sft->ef", drawn[:, :, lag:], drawn[:, :, : 300 - lag])
        # 60,000 samples of a memory of some six: a standard error of 1 to 2 % of the variance.
        scale = np.trace(stretch @ stretch.T / 60) / 3
        assert found / (200 * (300 - lag)) == pytest.approx(expected, abs=0.08 * scale)


@pytest.mark.parametrize("baseline", [None, (-0.8, 0.0)])
def test_the_noise_of_an_average_is_what_lies_before_its_event(rng, baseline):
    """The response, 30 times as large and of one place, is no background of it."""
    noise = 1e-7 * rng.standard_normal((6, 160))
    response = np.zeros(160)
    response[100:] = 3e-6 * np.sin(np.arange(60) / 5)
    data = noise + np.arange(6)[:, None] * response + 2e-6 * (baseline is not None)
    info = mne.create_info([f"E{k}" for k in range(6)], SFREQ, "eeg")
    evoked = mne.EvokedArray(data, info, tmin=-1.0, nave=50)
    settings = RecordingSettings(file="made", baseline_s=baseline)
    found = stretches_of(
        [evoked],
        evoked.ch_names,
        settings,
        sfreq=SFREQ,
        shortest_s=0.2,
        positions=None,
        name="made",
    )
    assert found.averaged == 50 and found.parts[0].shape == (6, 160)
    assert found.before.shape == (6, 100 if baseline is None else 80)
    ordinary = measure_ordinary(found, sfreq=SFREQ, window_s=0.2, seed=0)
    assert len(ordinary.chance) >= 300 and not ordinary.background.aperiodic
    space = np.linalg.qr(np.eye(6)[:, 1:] - 1 / 6)[0].T
    power = np.diag(space @ ordinary.background.covariance(space) @ space.T)
    # Each is a variance of 80 to 100 samples: 14 to 16 %, and 3 % of drawing it.
    assert power == pytest.approx(1e-14, rel=0.5)
    assert ordinary.chance.std() == pytest.approx(1e-7 * np.sqrt(5 / 6), rel=0.1)


def test_shifted_channels_share_nothing_but_keep_their_size(rng):
    common = rng.standard_normal(8000)
    part = np.stack([common, 2 * common, -3 * common])
    (turned,) = shifted([part], rng)
    assert np.abs(turned.mean(axis=0)).max() < 1e-12
    # Independent channels of 1, 4 and 9 in average reference: exactly known, within 3 %.
    average = np.eye(3) - 1 / 3
    assert np.cov(turned) == pytest.approx(average @ np.diag([1, 4, 9]) @ average, abs=0.3)


def test_there_are_enough_windows_of_chance_for_a_short_recording(rng):
    found = stretches([rng.standard_normal((3, 100)), rng.standard_normal((3, 60))])
    nothing = by_chance(found, sfreq=SFREQ, window_s=0.2, seed=1)
    ordinary = measure_ordinary(found, sfreq=SFREQ, window_s=0.2, seed=1)
    assert len(ordinary.chance) >= 300
    assert [part.shape for part in nothing[:2]] == [part.shape for part in found.parts]
    again = measure_ordinary(found, sfreq=SFREQ, window_s=0.2, seed=1)
    np.testing.assert_array_equal(again.chance, ordinary.chance)


def test_what_is_ordinary_comes_back_from_its_file(tmp_path, rng):
    epochs = list(1e-6 * rng.standard_normal((9, 4, 80)))
    ordinary = measure_ordinary(
        stretches([np.mean(epochs, axis=0)], epochs), sfreq=SFREQ, window_s=0.2, seed=0
    )
    write_ordinary(tmp_path / "ordinary.nc", ordinary)
    found = read_ordinary(tmp_path / "ordinary.nc")
    assert not found.background.aperiodic
    np.testing.assert_allclose(found.chance, ordinary.chance, rtol=1e-6)
    np.testing.assert_allclose(
        found.background.spectrum, ordinary.background.spectrum, rtol=1e-6, atol=1e-25
    )


def test_another_recording_as_what_to_rise_above(rng):
    rest = rng.standard_normal((4, 5000))
    rhythm = np.sin(2 * np.pi * 10 * np.arange(5000) / SFREQ)
    other = measure_ordinary(stretches([rest + rhythm]), sfreq=SFREQ, window_s=0.2, seed=0)
    windows = rng.standard_normal((1500, 4, 20))
    contrast = against(other, windows, name="rest")
    # The rhythm is background now, which alone it is not.
    whole, line = (
        one.of_components(np.eye(4), 11)[:, 0] for one in (contrast.background, other.background)
    )
    assert whole == pytest.approx(1.5, rel=0.1) and (line < 1.2).all()
    assert len(contrast.chance) == 1000
    epochs = list(rng.standard_normal((9, 4, 80)))
    average = measure_ordinary(stretches([rest], epochs), sfreq=SFREQ, window_s=0.2, seed=0)
    with pytest.raises(UserError, match="recordings.rest: it is an average"):
        against(average, windows, name="rest")


def test_windows_like_chance_show_nothing_and_others_do(rng):
    chance = rng.beta(2, 5, 400)
    assert np.median(beyond_chance(rng.beta(2, 5, 300), chance)) < 0.1
    sure = beyond_chance(np.concatenate([rng.beta(2, 5, 100), np.full(100, 0.99)]), chance)
    assert sure[100:].min() > 0.95
    order = np.argsort(chance)
    assert (np.diff(beyond_chance(chance[order], chance)) >= 0).all()


def test_the_background_is_measured_for_solvers():
    """Independent dipoles of 3 nAm through the operator, white noise of a fifth of their power."""
    operator = inverse_case.forward()
    gain = prepare(operator, "fixed").gain
    brain = (3e-9) ** 2 * gain @ gain.T
    reference = np.eye(len(gain)) - 1 / len(gain)
    noise = 0.2 * np.diag(brain).mean() * reference
    frequencies = np.linspace(0, 125, 64)
    spectrum = np.repeat(((brain + noise) / 125)[None], len(frequencies), axis=0)
    found = measure(operator, Background(frequencies, spectrum, aperiodic=False))
    assert found.background_nam == pytest.approx(3, rel=0.02)
    # One of 61 levels, 26 % apart.
    assert found.noise == pytest.approx(0.2, rel=0.15)


def test_what_chance_shows_is_no_answer():
    said = Estimates(
        np.array([[0.5, 1.0], [0.2, 0.4]]),
        np.array([[0.1, 0.2], [0.0, 0.1]]),
        {
            "presence": (("sample",), np.array([1.0, 0.5]), {}),
            "number_probability": (("sample", "number"), np.array([[0, 1.0], [0.5, 0.5]]), {}),
        },
    )
    found = weighted(said, np.array([0.5, 0.0]))
    np.testing.assert_allclose(found.maps, [[0.25, 0.5], [0, 0]])
    np.testing.assert_allclose(found.coefficients, [[0.05, 0.1], [0, 0]])
    np.testing.assert_allclose(found.variables["presence"][1], [0.5, 0])
    np.testing.assert_allclose(found.variables["number_probability"][1], [[0.5, 0.5], [1, 0]])


def test_the_level_of_noise_is_fitted():
    gain = np.geomspace(1e-3, 5, 40)
    scale, level = fit_level(gain, 7.0 * (gain + 0.1))
    assert (scale, level) == pytest.approx((7.0, 0.1), rel=1e-6)


@pytest.fixture
def network():
    torch.manual_seed(0)
    made = build_network("covnet", CHANNELS, TIMES, DIPOLES, seed=0, hidden=[16], nodes=20)
    rng = np.random.default_rng(3)
    made.prepare(
        ForwardModel(
            gain=1e-6 * tiny_gain(),
            positions=rng.uniform(-70, 70, (DIPOLES, 3)),
            autocovariance=np.eye(TIMES),
        )
    )
    return made.eval()


def test_measured_variances_that_are_the_models_give_the_same_features(network, rng):
    layer = network.standardise
    eeg = torch.from_numpy((1e-6 * rng.standard_normal((1, CHANNELS, TIMES))).astype(np.float32))
    components = layer.components(eeg)
    level, scale = layer.noise_level(components)
    mapped = layer.spatial @ (eeg - eeg.mean(dim=1, keepdim=True)) @ layer.temporal
    size = float(mapped.double().square().mean())
    variance = size * float(scale[0]) * layer.variance(level)[0].double()
    own = layer.whitened(eeg)
    same = layer.measured(eeg, variance, layer.speed, float(level[0]), float(own.bulk))
    torch.testing.assert_close(layer.standardised(same), layer(eeg), rtol=1e-3, atol=1e-3)


def test_a_recording_of_noise_shows_nothing(network, rng):
    noise = 1e-6 * rng.standard_normal((CHANNELS, 3000))
    ordinary = measure_ordinary(stretches([noise]), sfreq=SFREQ, window_s=TIMES / SFREQ, seed=0)
    windows = noise[:, : 180 * TIMES].reshape(CHANNELS, 180, TIMES).transpose(1, 0, 2)
    shown = show_recording(network, windows, ordinary)
    assert np.median(shown.presence) < 0.1
    assert shown.weighted.estimate.max() <= shown.maps.estimate.max()
    # An untrained network orders nothing, but its map is a map.
    maps = map_measured(network, windows[:3], Whitening(np.ones((7, 16)), np.ones(16), 0.1, 1.0))
    assert maps.estimate.shape == (3, DIPOLES)


def test_sources_are_as_probable_as_that_there_is_anything():
    certainty = Certainty(None, Line(1.0, 0.0), np.empty(0), np.ones((1, 3)), 10)
    active = np.array([[0.9, 0.0, 0.0], [0.9, 0.0, 0.0]])
    positions = np.array([[0.0, 0, 0], [50, 0, 0], [0, 50, 0]])
    said = tell_sources(certainty, active, active, positions, presence=np.array([1.0, 0.1]))
    assert said.probability[:, 0] == pytest.approx([0.9, 0.09])
    assert said.number[:, 0] == pytest.approx([0.0, 0.9])
    assert said.number.sum(axis=1) == pytest.approx([1, 1])


def test_noise_of_the_users_choice_stays():
    background = Background(np.arange(3.0), np.zeros((3, 2, 2)), False)
    asked = {"kind": "mne", "orientation": "free", "noise": "white"}
    assert with_noise(asked, None, background) == asked
    without = {"kind": "patch_posterior", "budget": 100}
    assert with_noise(without, None, background) == without
