"""Two averages subtracted: what is left, its noise, and what is refused."""

import mne
import numpy as np
import pytest

from multisource.errors import UserError
from multisource.recordings.difference import difference
from multisource.recordings.measuring import measure_ordinary
from multisource.recordings.ordinary import ordinary_of, write_ordinary
from multisource.recordings.settings import RecordingSettings
from multisource.recordings.stretches import stretches_of

SFREQ, CHANNELS, BEGIN_S, LENGTH = 100.0, 6, -0.6, 120
NOISE = 1e-6  # of an epoch, V
COUNTS = 40, 10  # epochs of the two conditions
INFO = mne.create_info([f"E{k}" for k in range(CHANNELS)], SFREQ, "eeg")


def conditions(rng, kind):
    """Two averages of the same large response, of which the first has a small one besides."""
    wave = np.zeros((2, LENGTH))
    wave[:, 60:] = np.sin(np.arange(60) / 6), np.cos(np.arange(60) / 6)
    common, own = 3e-5 * np.arange(CHANNELS), 2e-6 * np.array([1.0, -1, 2, 0, 0, -2])
    made = []
    for factor, count in zip((1, 0), COUNTS, strict=True):
        evoked = np.outer(common, wave[0]) + factor * np.outer(own, wave[1])
        epochs = evoked + NOISE * rng.standard_normal((count, CHANNELS, LENGTH))
        data = mne.EpochsArray(epochs, INFO, tmin=BEGIN_S, verbose="error")
        made.append([data.average()] if kind == "averages" else data)
    return made, np.outer(own, wave[1])


def read(contents, **settings):
    return stretches_of(
        contents,
        INFO.ch_names,
        RecordingSettings(file="made", **settings),
        sfreq=SFREQ,
        shortest_s=0.2,
        positions=None,
        name="made",
    )


@pytest.mark.parametrize("kind", ["epochs", "averages"])
def test_what_both_evoke_is_gone_and_the_noise_is_of_both(kind):
    rng = np.random.default_rng(2)
    made, expected = conditions(rng, kind)
    one, other = (read(contents) for contents in made)
    found = difference(one, other, name="face", against="house")
    deviation = NOISE * np.sqrt(sum(1 / count for count in COUNTS))
    # The largest of 720 samples of the noise.
    assert np.abs(found.parts[0] - expected).max() < 4.5 * deviation
    assert found.averaged == COUNTS[0]
    assert found.account.lines()[-1] == "difference: minus recordings.house, 10 epochs averaged"
    ordinary = measure_ordinary(found, sfreq=SFREQ, window_s=0.2, seed=0)
    space = np.linalg.qr(np.eye(CHANNELS)[:, 1:] - 1 / CHANNELS)[0].T
    power = np.diag(space @ ordinary.background.covariance(space) @ space.T)
    # Of an average, 60 samples before the event are all that tells: 18 % each, added.
    assert power == pytest.approx(deviation**2, rel=0.5)
    expected_rms = deviation * np.sqrt(1 - 1 / CHANNELS)
    assert np.sqrt(np.mean(ordinary.chance**2)) == pytest.approx(expected_rms, rel=0.12)


def test_a_difference_keeps_its_own_background(tmp_path):
    """Where the other recording stands as a file for a contrast of power."""
    made, _ = conditions(np.random.default_rng(3), "epochs")
    one, other = (read(contents) for contents in made)
    found = difference(one, other, name="face", against="house")
    measured = measure_ordinary(found, sfreq=SFREQ, window_s=0.2, seed=0)
    write_ordinary(tmp_path / "own.nc", measured)
    own = ordinary_of(tmp_path / "own.nc", [tmp_path / "windows.nc", tmp_path / "other.nc"])
    np.testing.assert_array_equal(own.chance, measured.chance)


def test_only_averages_of_the_same_span_are_subtracted():
    (first, second), _ = conditions(np.random.default_rng(4), "epochs")
    average, single = read(first), read(second, average=False)
    with pytest.raises(UserError, match="against: recordings.house is no average and the other"):
        difference(average, single, name="face", against="house")
    with pytest.raises(UserError, match="against: recordings.house is no average"):
        difference(single, average, name="house", against="face")
    shorter = read(second, tmin_s=-0.5)
    with pytest.raises(UserError, match="120 samples from -0.6 s on, recordings.house 110 from"):
        difference(average, shorter, name="face", against="house")


def test_an_average_is_filtered_where_it_is_long_enough():
    """Of 8 and 30 Hz the faster is left; 1.2 s hold five periods of 4.2 Hz."""
    times = np.arange(LENGTH) / SFREQ
    place = np.array([1.0, -1, 2, 1, -1, -2])
    waves = [np.sin(2 * np.pi * hz * times) for hz in (8, 30)]
    evoked = mne.EvokedArray(1e-6 * np.outer(place, sum(waves)), INFO, tmin=BEGIN_S, nave=9)
    (part,) = read([evoked.copy()], band_hz=(20, 45)).parts
    # But for the ends; a Butterworth filter of second order, twice, lets 2 % of 8 Hz through.
    inner = slice(20, -20)
    expected = 1e-6 * np.outer(place, waves[1])
    assert np.abs(part - expected)[:, inner].max() < 0.1 * expected.max()
    with pytest.raises(
        UserError, match="epochs of 1.2 s, which are too short to filter below 4.17"
    ):
        read([evoked], band_hz=(3, 45))
