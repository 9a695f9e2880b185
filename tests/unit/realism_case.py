"""Samples and recordings of a made-up head, with one or another option of the simulation."""

import numpy as np

from multisource.simulation.ar import ARModels
from multisource.simulation.continuous import simulate_continuous
from multisource.simulation.samples import Simulator, simulate_samples
from multisource.simulation.settings import Settings

MODELS = ARModels(("a", "b"), (np.array([0.9]), np.array([0.5])), np.array([0.5, 0.5]), 250.0)
RNG = np.random.default_rng(3)
POSITIONS = RNG.uniform(-60, 60, (300, 3))
E = 24
GAIN = 20 * RNG.standard_normal((E, 300))
GAIN -= GAIN.mean(axis=0)
DIRECTION = RNG.standard_normal((E, 3))
DIRECTION[:, 2] = np.abs(DIRECTION[:, 2]) - 0.4  # a cap: the upper part of a sphere
ELECTRODES = 95 * DIRECTION / np.linalg.norm(DIRECTION, axis=1)[:, None] + [1.0, 5.0, 20.0]
PLAIN = Settings()


def simulator(settings, **changes):
    arguments = {"seed": 5, "split": "train", "electrodes": ELECTRODES} | changes
    return Simulator(GAIN, POSITIONS, MODELS, settings, **arguments)


def simulate(settings, indices=range(60), **changes):
    return simulate_samples(simulator(settings, **changes), indices)


def record(settings, duration_s=20.0, extents_mm=(50.0, 50.0), **changes):
    recorder = simulator(settings, **({"split": "A"} | changes))
    return simulate_continuous(recorder, [4, 200], extents_mm, duration_s=duration_s)


def added(settings, **changes):
    """What an option adds to the paper's samples, (S, E, T)."""
    return (simulate(settings, **changes)["eeg"] - simulate(PLAIN, **changes)["eeg"]).values
