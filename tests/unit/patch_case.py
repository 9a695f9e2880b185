"""A small head for the tests of the patch posterior."""

import numpy as np

from multisource.simulation.ar import ARModels

N_CHANNELS, N_DIPOLES, N_TIMES = 9, 220, 12


def ar_models(*coefficients, shares=None):
    """Return AR models with these coefficients."""
    count = len(coefficients)
    shares = np.full(count, 1 / count) if shares is None else np.array(shares)
    names = tuple(f"m{i}" for i in range(count))
    return ARModels(names, tuple(np.array(a) for a in coefficients), shares, 250.0)


def small_head():
    """Return the leadfield of radial dipoles in a boundless medium, and their random places."""
    rng = np.random.default_rng(3)
    positions = rng.standard_normal((N_DIPOLES, 3))
    positions *= 60 / np.linalg.norm(positions, axis=1, keepdims=True)
    electrodes = rng.standard_normal((N_CHANNELS, 3))
    electrodes *= 90 / np.linalg.norm(electrodes, axis=1, keepdims=True)
    apart = electrodes[:, None] - positions[None]
    distance = np.linalg.norm(apart, axis=2)
    gain = np.einsum("enx,nx->en", apart, positions / 60) / distance**3
    return 1e7 * gain, positions
