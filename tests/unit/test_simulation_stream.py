"""The endless training stream gives the samples of the simulator, whatever the workers."""

import itertools

import numpy as np
import pytest
import torch

from multisource.errors import UserError
from multisource.network.stream import SampleStream, fresh_batches
from multisource.simulation.ar import ARModels
from multisource.simulation.samples import Simulator, simulate_samples
from multisource.simulation.settings import Settings
from multisource.simulation.truth import SparseTruth

MODELS = ARModels(("a", "b"), (np.array([0.9]), np.array([0.5])), np.array([0.5, 0.5]), 250.0)
RNG = np.random.default_rng(3)
POSITIONS = RNG.uniform(-60, 60, (300, 3))
GAIN = RNG.standard_normal((6, 300))


SIMULATOR = Simulator(GAIN, POSITIONS, MODELS, Settings(), seed=5, split="train")


def stream(**changes):
    return SampleStream(SIMULATOR, **{"batch_size": 40} | changes)


def test_the_stream_is_the_simulators_samples_in_order():
    stored = simulate_samples(SIMULATOR, range(80))
    batches = list(itertools.islice(stream(), 2))
    eeg = torch.cat([b[0][0] for b in batches]).numpy()
    truth = torch.cat([b[1] for b in batches]).numpy()
    np.testing.assert_array_equal(eeg, stored["eeg"].values)
    np.testing.assert_array_equal(truth, SparseTruth.from_dataset(stored).dense())
    assert eeg.dtype == truth.dtype == np.float32


def test_a_later_start_continues_the_stream():
    whole = list(itertools.islice(stream(), 3))
    later = next(iter(stream(start=80)))
    torch.testing.assert_close(later[0][0], whole[2][0][0], rtol=0, atol=0)


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_do_not_change_the_stream(workers):
    alone = list(itertools.islice(stream(start=80), 4))
    made = fresh_batches(SIMULATOR, batch_size=40, start=80, workers=workers)
    for mine, theirs in zip(alone, itertools.islice(made, 4), strict=True):
        torch.testing.assert_close(mine[0][0], theirs[0][0], rtol=0, atol=0)
        torch.testing.assert_close(mine[1], theirs[1], rtol=0, atol=0)


def test_batches_never_repeat():
    batches = itertools.islice(stream(batch_size=5), 50)
    sums = [float(eeg.double().abs().sum()) for (eeg,), _ in batches]
    assert len(set(sums)) == 50


def test_an_impossible_batch_size_is_refused():
    with pytest.raises(UserError, match="batch_size 0"):
        stream(batch_size=0)
