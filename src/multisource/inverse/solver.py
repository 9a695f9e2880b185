"""A solver of a study, from its files: a kernel, or one that depends on the data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from multisource.inverse.contract import Estimates, Study
from multisource.inverse.io import forward_of, read_forward, read_kernel
from multisource.inverse.kernel import apply_kernel

if TYPE_CHECKING:
    import mne

    from multisource.inverse.window_noise import WindowNoise

# Windows (S, E, T) in V and their sampling rate in Hz to maps (S, N), and what else there is. A
# solver without kernel takes true_sources, proposal and noise, a covariance, too.
Solver = Callable[..., Estimates]


def read_solvers(
    kernels: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    forwards: Iterable[str | os.PathLike[str]],
    operators: Mapping[str, str],
    **settings: Any,
) -> Callable[[str], Solver]:
    """Return what gives the solver of a scenario, with the operator that it is given there.

    Parameters
    ----------
    kernels : str, path-like or sequence of them
        ``inverse/{solver}.nc``, or ``inverse/{solver}-{operator}.nc`` of every operator; nothing
        for a solver that depends on the data.
    forwards : iterable of str or path-like
        The operators that are needed, ``leadfield/{operator}-fwd.fif``; none for a kernel alone.
    operators : mapping of str to str
        Scenario to the name of its operator.
    **settings : Any
        Further arguments of :func:`read_solver`.

    Returns
    -------
    callable
        Scenario to its solver. The last one is kept, for scenarios with the same operator.
    """
    listed = [kernels] if isinstance(kernels, (str, os.PathLike)) else list(kernels)
    of_operator = {Path(path).stem.partition("-")[2]: path for path in listed}
    files = {Path(path).name.removesuffix("-fwd.fif"): path for path in forwards}

    @lru_cache(maxsize=1)
    def with_operator(name: str) -> Solver:
        kernel = of_operator.get(name, of_operator.get(""))
        return read_solver(kernel, files.get(name), **settings)

    return lambda scenario: with_operator(operators[scenario])


def read_solver(
    kernel: str | os.PathLike[str] | None,
    forward: str | os.PathLike[str] | None,
    *,
    smooth: int = 0,
    settings: Mapping[str, Any] | None = None,
    study: Study | None = None,
    channels: Sequence[str] | None = None,
) -> Solver:
    """Return what turns windows into maps.

    Parameters
    ----------
    kernel : str, path-like or None
        ``inverse/{solver}.nc``; nothing for a solver that depends on the data.
    forward : str, path-like or None
        Operator B, ``*-fwd.fif``: for a solver without kernel, and for smoothing.
    smooth : int
        Steps of averaging over neighbours on the cortex, for a kernel.
    settings : mapping, optional
        ``kind`` and options of a solver without kernel.
    study : Study, optional
        How the study's sources behave, for a solver that asks for it.
    channels : sequence of str, optional
        Names of those that the windows have, where they are not all; for a solver without kernel.

    Returns
    -------
    callable
        Windows (S, E, T) in V and their sampling rate in Hz to their estimates.
    """
    operator = read_forward(forward) if forward else None
    if operator is not None and channels is not None:
        operator = forward_of(operator, channels)
    if not kernel:
        from multisource.inverse.registry import estimates

        chosen = {"study": study, "smooth": smooth, **(settings or {})}
        return lambda eeg, sfreq, **more: estimates(
            forward=operator, eeg=eeg, sfreq=sfreq, **chosen, **told_noise(operator, **more)
        )
    smoothing = None
    # A kernel alone needs neither MNE-Python nor a mesh, whose import takes longer than it does.
    if operator:
        from multisource.inverse.mesh import smoothing as mesh_smoothing

        smoothing = mesh_smoothing(operator, smooth)
    matrix = read_kernel(kernel)
    return lambda eeg, sfreq: Estimates(apply_kernel(matrix, eeg, smoothing=smoothing))


def solve(
    solver: Solver,
    eeg: np.ndarray,
    sfreq: float,
    *,
    true_sources: Sequence[int] | None = None,
    noise: WindowNoise | None = None,
    proposal: np.ndarray | None = None,
) -> Estimates:
    """Ask a solver, and tell it what it may know of each window.

    Parameters
    ----------
    solver : callable
        As :func:`read_solver` returns it.
    eeg : ndarray of shape (S, E, T)
        Windows in V.
    sfreq : float
        Sampling rate in Hz.
    true_sources : sequence of int, optional
        The true number of sources of S windows or more, for a solver that is told it.
    noise : WindowNoise, optional
        The noise of S windows or more, for a solver that is told it.
    proposal : ndarray of shape (S, N), optional
        A network's maps of the windows, for a solver that is given them.

    Returns
    -------
    Estimates
        Of the S windows.
    """

    def told(windows: np.ndarray) -> dict[str, Any]:
        more: dict[str, Any] = {}
        if true_sources is not None:
            more["true_sources"] = [int(true_sources[window]) for window in windows]
        if proposal is not None:
            more["proposal"] = proposal[windows]
        return more

    if noise is None:
        return solver(eeg, sfreq, **told(np.arange(len(eeg))))
    return noise.first(len(eeg)).ask(
        lambda windows, covariance: solver(eeg[windows], sfreq, noise=covariance, **told(windows))
    )


def told_noise(
    forward: mne.Forward, noise: np.ndarray | None = None, **more: Any
) -> dict[str, Any]:
    """Say of a noise covariance how strong it is, for solvers that ask for that.

    Parameters
    ----------
    forward : mne.Forward
        Operator that the solver is given, free orientation.
    noise : ndarray of shape (E, E) or None
        Covariance in V^2, if the solver is told one.
    **more : Any
        What else it is told.

    Returns
    -------
    dict
        Arguments of ``registry.estimates``.
    """
    if noise is None:
        return more
    from multisource.inverse.solver_leadfield import prepare
    from multisource.inverse.window_noise import measured_of

    return {"noise": noise, "measured": measured_of(prepare(forward, "fixed").gain, noise), **more}
