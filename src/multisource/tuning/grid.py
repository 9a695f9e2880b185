"""Options of a solver chosen on validation windows, by one rule for all solvers.

Each combination of the grid's values solves the same windows. The one with the best median average
precision is taken, the first of equals.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mne
import numpy as np

from multisource.evaluation.ranking import Ranking
from multisource.inverse.contract import Estimates
from multisource.inverse.points import spread
from multisource.inverse.registry import estimates, is_linear
from multisource.inverse.solver import solve, told_noise
from multisource.inverse.window_noise import WindowNoise
from multisource.progress import progress
from multisource.simulation.truth import SparseTruth

# Done to the map when the solver is through, so that it need not solve again for each value.
_AFTERWARDS = "spread_mm"


def combinations(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return every combination of a grid.

    Parameters
    ----------
    grid : mapping of str to sequence
        Option -> values to try.

    Returns
    -------
    list of dict
        Options; the last one varies fastest. One without options for an empty grid.
    """
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def median_average_precision(maps: np.ndarray, truth: SparseTruth) -> float:
    """Return the median of the average precision over windows with sources.

    Parameters
    ----------
    maps : ndarray of shape (S, N)
        Estimates.
    truth : SparseTruth
        Of the S windows.

    Returns
    -------
    float
        0 to 1.
    """
    each = [
        Ranking(values).members(truth.active(window)).average_precision()
        for window, values in enumerate(maps)
        if len(truth.active(window))
    ]
    return float(np.median(each))


def choose(
    settings: Mapping[str, Any],
    grid: Mapping[str, Sequence[Any]],
    forward: mne.Forward,
    eeg: np.ndarray,
    truth: SparseTruth,
    *,
    snr: float,
    sfreq: float,
    smooth: int = 0,
    study: Any = None,
    told: bool = False,
    noise: WindowNoise | None = None,
) -> dict[str, Any]:
    """Try the combinations of a grid and choose one.

    Parameters
    ----------
    settings : mapping
        Kind and options of the solver.
    grid : mapping of str to sequence
        Option -> values to try, which go before the settings.
    forward : mne.Forward
        The operator that the solver is given, free orientation.
    eeg : ndarray of shape (S, E, T)
        Validation windows in V, 2 or more.
    truth : SparseTruth
        Of the S windows.
    snr : float
        Amplitude signal-to-noise ratio, where neither settings nor grid have it.
    sfreq : float
        Sampling rate in Hz.
    smooth : int
        Steps of averaging over neighbours on the cortex, for linear solvers.
    study : Study, optional
        How the study's sources behave, for solvers that ask for it.
    told : bool
        Whether the solver is told the true number of sources.
    noise : WindowNoise, optional
        The noise of the windows, for a solver that is told it.

    Returns
    -------
    dict
        ``windows``, how many; ``tried``, a list of ``options``, ``average_precision`` (median) and
        ``cpu_s`` (of all windows); ``chosen``, the options; ``average_precision``;
        ``cpu_s_setup`` and ``cpu_s_window`` of the chosen ones.
    """
    base = {"snr": snr, **settings}
    numbers = truth.numbers() if told else None

    def solve_all(options: Mapping[str, Any], windows: np.ndarray) -> tuple[np.ndarray, float]:
        def solver(eeg: np.ndarray, sfreq: float, **more: Any) -> Estimates:
            given = {"smooth": smooth, "study": study, **told_noise(forward, **more)}
            return estimates(forward=forward, eeg=eeg, sfreq=sfreq, **given, **{**base, **options})

        begun = time.process_time()
        maps = solve(solver, windows, sfreq, true_sources=numbers, noise=noise).maps
        return maps, time.process_time() - begun

    # What is done afterwards varies fastest.
    first = {option: values for option, values in grid.items() if option != _AFTERWARDS}
    return _best(combinations(first | dict(grid)), forward, eeg, truth, solve_all, base)


def _best(
    candidates: list[dict[str, Any]],
    forward: mne.Forward,
    eeg: np.ndarray,
    truth: SparseTruth,
    solve: Callable[[Mapping[str, Any], np.ndarray], tuple[np.ndarray, float]],
    base: Mapping[str, Any],
) -> dict[str, Any]:
    solved: dict[str, tuple[np.ndarray, float]] = {}
    tried = []
    solve(candidates[0], eeg[:1])  # what compiles or is cached at the first call is not counted
    for options in progress("options", candidates, unit="combination"):
        first = dict(options)
        spread_mm = first.pop(_AFTERWARDS, None)
        if spread_mm is not None:
            first[_AFTERWARDS] = 0
        key = repr(first)
        if key not in solved:
            solved = {key: solve(first, eeg)}
        maps, seconds = solved[key]
        precision = median_average_precision(spread(forward, maps, spread_mm or 0), truth)
        tried.append({"options": options, "average_precision": precision, "cpu_s": seconds})
    best = max(tried, key=lambda one: one["average_precision"])
    _, single = solve(best["options"], eeg[:1])
    window = max(best["cpu_s"] - single, 0.0) / (len(eeg) - 1)
    return {
        "kind": base["kind"],
        "linear": is_linear(base["kind"]),
        "windows": len(eeg),
        "tried": tried,
        "chosen": best["options"],
        "average_precision": best["average_precision"],
        "cpu_s_setup": max(single - window, 0.0),
        "cpu_s_window": window,
    }
