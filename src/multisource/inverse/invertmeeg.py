"""The solvers of the package invertmeeg (Hecker) by name; an optional dependency.

``pip install invertmeeg`` (GPL-3) adds some ninety solvers: beamformers, Champagne and other
sparse Bayesian ones, subspace and matching pursuit methods. Most depend on the data, so they are
run window by window and take seconds each: meant for a subset of windows.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import mne
import numpy as np

from multisource.errors import MissingPackage, UserError, refuse
from multisource.inverse.kernel import average_reference, post_process
from multisource.inverse.options import invertmeeg_mistakes
from multisource.inverse.points import spread
from multisource.progress import progress


def estimate(
    forward: mne.Forward,
    eeg: np.ndarray,
    *,
    solver: str,
    orientation: str = "fixed",
    alpha: float | str = "auto",
    sfreq: float = 250.0,
    spread_mm: float = 0.0,
) -> np.ndarray:
    """Estimate maps by a solver of invertmeeg, post-processed like every solver's.

    Parameters
    ----------
    forward : mne.Forward
        Operator B, free orientation.
    eeg : ndarray of shape (S, E, T)
        Windows in V.
    solver : str
        A name of invertmeeg, for example ``flex-champagne`` or ``lcmv``.
    orientation : str
        ``fixed`` (along the vertex normals) or ``free``, where the solver has it.
    alpha : float or str
        Regularisation of invertmeeg, relative to the largest eigenvalue of L L', or ``auto`` for
        its own choice per window.
    sfreq : float
        Sampling rate in Hz.
    spread_mm : float
        Diameter over which each value is spread in mm, 0: not.

    Returns
    -------
    ndarray of shape (S, N)
        Maps, float32.

    Raises
    ------
    UserError
        If the package or the solver is missing, the shape of ``eeg`` does not fit, or the solver
        fails.
    """
    refuse(
        invertmeeg_mistakes(
            kind="invertmeeg",
            solver=solver,
            orientation=orientation,
            alpha=alpha,
            spread_mm=spread_mm,
        )
    )
    build = _solver(solver)
    channels = list(forward["sol"]["row_names"])
    if eeg.ndim != 3 or eeg.shape[1] != len(channels):
        raise UserError(f"eeg: shape {eeg.shape}; need (windows, {len(channels)}, times)")
    forward = _referenced(forward, orientation)
    # Leadfield and data are referenced here, once: invertmeeg asks MNE-Python for a projector that
    # newer versions no longer build, and then goes on with a leadfield of another reference.
    eeg = average_reference(len(channels)) @ eeg
    info = mne.create_info(channels, sfreq, "eeg", verbose="error")
    maps, instance = [], None
    for window in progress(f"invertmeeg {solver}", eeg, unit="window"):
        evoked = mne.EvokedArray(window, info, verbose="error")
        try:
            with _quiet():
                if instance is None or instance.require_recompute or instance.require_data:
                    instance = build(orientation)
                    instance.make_inverse_operator(forward, evoked, alpha=alpha)
                currents = _currents(instance, evoked, forward["nsource"])
        except Exception as error:  # a hundred solvers of a third party: any kind of failure
            raise UserError(f"invertmeeg solver {solver!r} failed: {error}") from error
        maps.append(post_process(currents))
    return spread(forward, np.array(maps, np.float32), spread_mm)


def check_solver(*, solver: str, **_: Any) -> None:
    """Check that invertmeeg has a solver.

    Parameters
    ----------
    solver : str
        The solver's name.
    **_ : Any
        Its other options, which are not looked at.

    Raises
    ------
    UserError
        If the package is missing, or has no solver of this name.
    """
    _solver(solver)


def _solver(name: str) -> Callable[[str], Any]:
    """Return a function that makes a new solver object for an orientation."""
    try:
        from invert.invert import Solver, list_solvers
    except ImportError as error:
        raise MissingPackage("invertmeeg", "invertmeeg") from error
    if name not in list_solvers():
        raise UserError(f"solver: {name!r}; invertmeeg has: {', '.join(sorted(list_solvers()))}")
    return lambda orientation: Solver(name, orientation=orientation)


def _referenced(forward: mne.Forward, orientation: str) -> mne.Forward:
    result = mne.convert_forward_solution(
        forward,
        surf_ori=True,
        force_fixed=orientation == "fixed",
        use_cps=False,
        verbose="error",
    )
    result["sol"]["data"] = average_reference(result["nchan"]) @ result["sol"]["data"]
    return result


def _currents(instance: Any, evoked: mne.Evoked, n_dipoles: int) -> np.ndarray:
    """Return norms (N, T); sparse solvers return the dipoles that are not zero."""
    result = instance.apply_inverse_operator(evoked)
    values = np.abs(np.asarray(result.data, float))
    if len(values) != n_dipoles:
        raise ValueError(f"{len(values)} rows for {n_dipoles} dipoles")
    return values


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the prints, warnings and log lines of the solvers, which come once per window."""
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(previous)
