"""The paper's two references that look at no data (section II-E)."""

from __future__ import annotations

import numpy as np

from multisource.errors import UserError


def baseline_maps(name: str, truth: np.ndarray, *, seed: int, scenario: str) -> np.ndarray:
    """Maps (S, N) of the baseline ``name``, random or perfect, for windows of ``truth`` (S, N).

    Each scenario has a random map of its own that follows from ``seed`` and its name.
    """
    if name == "perfect":
        return perfect_maps(truth)
    if name == "random":
        return random_maps(*truth.shape, seed=[seed, *scenario.encode()])
    raise UserError(f"baseline: {name!r}; allowed: random, perfect")


def random_maps(n_windows: int, n_dipoles: int, *, seed: int | list[int]) -> np.ndarray:
    """One random map, uniform on [0, 1), the same for every window: (S, N) float32, read-only.

    The paper's Random has distance ranks in its scenario tables that are those of single draws
    (DR_2 of 0.006 in Table II): one map for the whole scenario, not one a window.
    """
    draw = np.random.default_rng(seed).random(n_dipoles, np.float32)
    return np.broadcast_to(draw, (n_windows, n_dipoles))


def perfect_maps(truth: np.ndarray) -> np.ndarray:
    """The ground truth coefficients themselves, (S, N) float32."""
    return np.asarray(truth, np.float32)
