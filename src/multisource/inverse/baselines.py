"""The paper's two references that look at no data (section II-E)."""

from __future__ import annotations

import numpy as np

from multisource.errors import UserError


def baseline_maps(name: str, truth: np.ndarray, *, seed: int, scenario: str) -> np.ndarray:
    """Return the maps of a baseline.

    Parameters
    ----------
    name : str
        ``random`` or ``perfect``.
    truth : ndarray of shape (S, N)
        Coefficients of the S windows; their number is all that ``random`` looks at.
    seed : int
        Seed of the study. Each scenario has a random map of its own that follows from it and the
        scenario's name.
    scenario : str
        Name of the scenario.

    Returns
    -------
    ndarray of shape (S, N)
        Maps, float32.

    Raises
    ------
    UserError
        For an unknown name.
    """
    if name == "perfect":
        return perfect_maps(truth)
    if name == "random":
        return random_maps(*truth.shape, seed=[seed, *scenario.encode()])
    raise UserError(f"baseline: {name!r}; allowed: random, perfect")


def random_maps(n_windows: int, n_dipoles: int, *, seed: int | list[int]) -> np.ndarray:
    """Draw one random map, the same for every window.

    The paper's Random has distance ranks in its scenario tables that are those of single draws
    (DR_2 of 0.006 in Table II): one map for the whole scenario, not one per window.

    Parameters
    ----------
    n_windows : int
        S.
    n_dipoles : int
        N.
    seed : int or list of int
        Seed of the generator.

    Returns
    -------
    ndarray of shape (S, N)
        Uniform on [0, 1), float32, read-only.
    """
    draw = np.random.default_rng(seed).random(n_dipoles, np.float32)
    return np.broadcast_to(draw, (n_windows, n_dipoles))


def perfect_maps(truth: np.ndarray) -> np.ndarray:
    """Return the ground truth as maps.

    Parameters
    ----------
    truth : ndarray of shape (S, N)
        Coefficients.

    Returns
    -------
    ndarray of shape (S, N)
        The same, float32.
    """
    return np.asarray(truth, np.float32)
