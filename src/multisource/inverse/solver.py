"""A solver of a study, from its files: a kernel, or one that depends on the data."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from multisource.inverse.contract import Estimates, Study
from multisource.inverse.io import read_forward, read_kernel
from multisource.inverse.kernel import apply_kernel

# Windows (S, E, T) in V and their sampling rate in Hz to maps (S, N), and what else there is.
Solver = Callable[[np.ndarray, float], Estimates]


def read_solver(
    kernel: str | os.PathLike[str] | None,
    forward: str | os.PathLike[str] | None,
    *,
    smooth: int = 0,
    settings: Mapping[str, Any] | None = None,
    study: Study | None = None,
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

    Returns
    -------
    callable
        Windows (S, E, T) in V and their sampling rate in Hz to their estimates.
    """
    operator = read_forward(forward) if forward else None
    if not kernel:
        from multisource.inverse.registry import estimates

        chosen = {"study": study, **(settings or {})}
        return lambda eeg, sfreq: estimates(forward=operator, eeg=eeg, sfreq=sfreq, **chosen)
    smoothing = None
    # A kernel alone needs neither MNE-Python nor a mesh, whose import takes longer than it does.
    if operator:
        from multisource.inverse.mesh import smoothing as mesh_smoothing

        smoothing = mesh_smoothing(operator, smooth)
    matrix = read_kernel(kernel)
    return lambda eeg, sfreq: Estimates(apply_kernel(matrix, eeg, smoothing=smoothing))
