"""Streams: known answers, distribution, independence of chunking and order."""

import numpy as np
import pytest
from scipy import stats
from threadpoolctl import threadpool_info, threadpool_limits

from multisource.errors import UserError
from multisource.simulation import streams
from multisource.simulation.ar import ARModels
from multisource.simulation.box_muller import box_muller
from multisource.simulation.continuous import simulate_continuous
from multisource.simulation.samples import Simulator, simulate_samples
from multisource.simulation.settings import Settings, settings_from

MODELS = ARModels(("a", "b"), (np.array([0.9]), np.array([0.5])), np.array([0.5, 0.5]), 250.0)
RNG = np.random.default_rng(3)
POSITIONS = RNG.uniform(-60, 60, (300, 3))
GAIN = RNG.standard_normal((6, 300))


def make(settings=None, models=MODELS, **changes):
    arguments = {"seed": 5, "split": "train"} | changes
    return Simulator(GAIN, POSITIONS, models, settings or Settings(), **arguments)


def simulate(indices, **changes):
    return simulate_samples(make(**changes), indices)


def test_philox_gives_the_published_known_answers():
    # Random123 1.14, kat_vectors, philox4x32 10: counter 0 key 0, and all bits set.
    words = np.empty((1, 4), dtype=np.uint32)
    streams.philox_words(np.zeros(2, np.uint32), 0, np.zeros(1, np.uint64), words)
    assert [hex(w) for w in words[0]] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]


def test_normals_are_standard_normal_and_uncorrelated_between_samples():
    key = streams.stream_key(1, "train")
    x = streams.normals(key, streams.Purpose.SOURCES, np.arange(400), 1000)
    # Kolmogorov-Smirnov at 1e-4: 2.23 / sqrt(n).
    assert stats.kstest(x.ravel(), "norm").statistic < 2.23 / np.sqrt(x.size)
    correlation = np.corrcoef(x)[np.triu_indices(400, 1)]
    assert np.abs(correlation).max() < 6 / np.sqrt(1000)  # 79,800 pairs


def test_normals_are_box_and_mullers_formula():
    # Every exponent of the radius, every octant of the angle and their borders.
    rng = np.random.default_rng(0)
    first = rng.integers(0, 2**32, 40_000, dtype=np.uint32) >> rng.integers(0, 32, 40_000)
    second = rng.integers(0, 2**32, 40_000, dtype=np.uint32)
    edges = np.arange(0, 2**32, 2**28, dtype=np.uint64)
    second[: 3 * 16] = (np.concatenate([edges - 1, edges, edges + 1]) % 2**32).astype(np.uint32)
    first[:4] = [0, 255, 2**32 - 1, 2**31]
    words = np.concatenate([first.astype(np.uint32), second])[None]
    found = np.empty(words.shape, dtype=np.float32)
    box_muller(words, found)
    radius = np.sqrt(-2 * np.log(((first >> 8) + 1.0) * 2.0**-24))
    angle = 2 * np.pi * second * 2.0**-32
    exact = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])
    # Numbers reach 5.77; single precision there is 5e-7.
    np.testing.assert_allclose(found[0], exact, atol=8e-7)


def test_uniforms_are_uniform_below_one():
    x = streams.uniforms(streams.stream_key(1, "t"), 0, np.arange(50_000), 3)
    assert x.min() >= 0 and x.max() < 1
    assert stats.kstest(x.ravel(), "uniform").statistic < 2.23 / np.sqrt(x.size)


def test_a_sample_does_not_depend_on_its_company():
    whole = simulate(range(150))
    for part in (range(40, 45), [149, 3, 70], [0]):
        some = simulate(part)
        for place, index in enumerate(part):
            np.testing.assert_array_equal(some["eeg"][place], whole["eeg"][index])
            np.testing.assert_array_equal(some["centre"][place], whole["centre"][index])


def test_a_sample_does_not_depend_on_the_number_of_threads():
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(simulate(range(40))["eeg"].values)
            assert {pool["num_threads"] for pool in threadpool_info()} == {threads}, "put back"
    np.testing.assert_array_equal(*found)


def test_seed_split_and_index_all_matter():
    base = simulate([0])["eeg"].values
    for other in (simulate([1]), simulate([0], seed=6), simulate([0], split="test")):
        assert not np.array_equal(other["eeg"].values, base)


def test_recordings_are_reproducible_and_cut_into_consecutive_windows():
    one, two = (
        simulate_continuous(make(split="B"), [4, 200], [30.0, 30.0], duration_s=2.1)
        for _ in range(2)
    )
    assert one.sizes["sample"] == 10  # the last 0.1 s holds no window
    np.testing.assert_array_equal(one["eeg"], two["eeg"])
    assert np.all(one["centre"].values == [4, 200])
    counts = np.diff(one["truth_offset"].values)
    assert np.all(counts == counts[0])
    # The AR(1) of 0.9 and 0.5 leaves steps across a cut as small as those within windows.
    eeg = one["eeg"].values
    across = np.abs(eeg[1:, :, 0] - eeg[:-1, :, -1]).mean()
    within = np.abs(np.diff(eeg, axis=2)).mean()
    assert across < 2 * within


def test_four_and_five_patches_and_other_windows_and_rates():
    models = ARModels(MODELS.names, MODELS.coefficients, MODELS.shares, 500.0)
    settings = settings_from({"n_patches": [4, 5], "sfreq": 500.0, "window_s": 1.0})
    data = simulate_samples(make(settings, models), range(20))
    assert data["eeg"].shape == (20, 6, 500)
    counts = (data["centre"].values >= 0).sum(axis=1)
    assert set(counts) == {4, 5}
    assert data["time"].values[-1] == pytest.approx(0.998)


@pytest.mark.parametrize(
    "values, message",
    [
        ({"boots": 3}, "simulation.boots: unknown key"),
        ({"noise": {"snr": 3}}, "simulation.noise.snr: unknown key"),
        ({"n_patches": [-1, 2]}, "n_patches"),
        ({"n_patches": [3, 2]}, "n_patches"),
        ({"extent_mm": [20]}, "extent_mm"),
        ({"boost": 0}, "boost"),
        ({"window_s": 0.001}, "window_s"),
        ({"patch_correlation": 1.0}, "patch_correlation"),
        ({"bad_channels": {"kinds": ["loud"]}}, "bad_channels.kinds"),
        ({"artefacts": {"blink": 2}}, "artefacts.blink"),
    ],
)
def test_bad_settings_are_refused_by_key(values, message):
    with pytest.raises(UserError, match=message):
        settings_from(values)


def test_bad_arguments_are_refused():
    with pytest.raises(UserError, match="seed: -1"):
        simulate([0], seed=-1)
    with pytest.raises(UserError, match="indices"):
        simulate([])
    with pytest.raises(UserError, match="AR models are at 250.0 Hz, the samples at 500.0 Hz"):
        make(Settings(sfreq=500.0))
    with pytest.raises(UserError, match="channels: 2 names for 6"):
        make(channels=["Cz", "Pz"])
    with pytest.raises(UserError, match="holds no window"):
        simulate_continuous(make(split="A"), [1], [30.0], duration_s=0.1)
    with pytest.raises(UserError, match="B: centres .* name a dipole twice"):
        simulate_continuous(make(split="B"), [1, 1], [30.0, 30.0], duration_s=1.0)
