"""The methods of a study, from its files, as one kind of function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from multisource.inverse.solver import read_solver, solve
from multisource.inverse.window_noise import WindowNoise
from multisource.network.answers import TrainedNetwork

# Windows (S, E, T) in V, names of the channels and Hz to maps (S, N) and, or not, coefficients.
Method = Callable[[np.ndarray, Sequence[str], float], tuple[np.ndarray, np.ndarray | None]]


def network_method(
    weights: str, settings: str, certainty: str, positions: np.ndarray, *, threads: int = 1
) -> Method:
    """Return a trained network.

    Parameters
    ----------
    weights, settings, certainty : str
        Its files in ``network/{network}``.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    threads : int
        On the processor.

    Returns
    -------
    callable
        The network as a method.
    """
    network = TrainedNetwork(weights, settings, certainty, positions)

    def method(
        eeg: np.ndarray, channels: Sequence[str], sfreq: float
    ) -> tuple[np.ndarray, np.ndarray | None]:
        said = network(eeg, channels, threads=threads)
        return said.maps, said.coefficients

    return method


def solver_method(
    kernel: str | None,
    forward: str | None,
    *,
    windows: int | None = None,
    noise: WindowNoise | None = None,
    proposal: Method | None = None,
    **options: Any,
) -> Method:
    """Return a solver.

    Parameters
    ----------
    kernel : str or None
        ``inverse/{solver}.nc``; None for one that depends on the data.
    forward : str or None
        The operator of such a one, and for smoothing.
    windows : int, optional
        The first windows that it is given; all by default.
    noise : WindowNoise, optional
        The noise of the windows, for one that is told it.
    proposal : callable, optional
        The network whose maps it is given.
    **options : Any
        Further arguments of :func:`multisource.inverse.solver.read_solver`.

    Returns
    -------
    callable
        The solver as a method.
    """
    solver = read_solver(kernel, forward, **options)

    def method(
        eeg: np.ndarray, channels: Sequence[str], sfreq: float
    ) -> tuple[np.ndarray, np.ndarray | None]:
        eeg = eeg[:windows]
        proposed = proposal(eeg, channels, sfreq)[0] if proposal else None
        found = solve(solver, eeg, sfreq, noise=noise, proposal=proposed)
        return found.maps, found.coefficients

    return method


def named_methods(
    networks: Mapping[str, Sequence[str]],
    solvers: Mapping[str, Mapping[str, Any]],
    positions: np.ndarray,
    noise: WindowNoise | None = None,
) -> dict[str, Method]:
    """Return several methods.

    Parameters
    ----------
    networks : mapping of str to sequence of str
        Name to the files that :func:`network_method` takes.
    solvers : mapping of str to mapping
        Name to the arguments of :func:`solver_method`; ``measured`` says which are told the noise,
        ``proposal`` the network, one of ``networks``, whose maps one is given, or None.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    noise : WindowNoise, optional
        The noise of the windows.

    Returns
    -------
    dict of str to callable
        Name to method.
    """
    found: dict[str, Method] = {}
    for name, (weights, settings, certainty) in networks.items():
        found[name] = network_method(weights, settings, certainty, positions)
    for name, given in solvers.items():
        chosen = dict(given)
        told = noise if chosen.pop("measured") else None
        network = chosen.pop("proposal")
        proposal = found[network] if network else None
        found[name] = solver_method(noise=told, proposal=proposal, **chosen)
    return found
