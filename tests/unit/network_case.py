"""A tiny localisation problem for the network tests: 8 channels, 40 dipoles, 16 samples."""

from __future__ import annotations

import numpy as np

from multisource.network.samples import Windows
from multisource.simulation.truth import SparseTruth

CHANNELS, TIMES, DIPOLES = 8, 16, 40


def tiny_gain() -> np.ndarray:
    """Leadfield of the problem (E, N)."""
    return np.random.default_rng(99).standard_normal((CHANNELS, DIPOLES))


def tiny_windows(samples: int, seed: int = 0) -> Windows:
    """Two neighbouring dipoles a sample are active, ten times above sensor noise."""
    rng = np.random.default_rng(seed)
    gain = tiny_gain()
    first = rng.integers(0, DIPOLES - 1, size=samples)
    series = rng.standard_normal((samples, TIMES))
    topography = (gain[:, first] + 0.5 * gain[:, first + 1]).T
    noise = rng.standard_normal((samples, CHANNELS, TIMES))
    eeg = 1e-6 * (topography[:, :, None] * series[:, None, :] + 0.1 * noise)
    return Windows(
        eeg=eeg.astype(np.float32),
        truth=SparseTruth(
            offset=np.arange(0, 2 * samples + 1, 2),
            dipole=np.column_stack([first, first + 1]).ravel(),
            coefficient=np.tile(np.float32([1.0, 0.5]), samples),
            centre=first[:, None],
            n_dipoles=DIPOLES,
        ),
    )
