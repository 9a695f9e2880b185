"""From a study's files to the scenes of a page of brains."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd

from multisource.brains.scenes import MethodMaps, Scene
from multisource.certainty.certainty import Sources
from multisource.certainty.shown import shown_map
from multisource.errors import UserError
from multisource.evaluation.estimates import read_estimates, tells_probability
from multisource.evaluation.sources import read_said
from multisource.figures.labels import FIGURES, SCENARIOS
from multisource.figures.scenario import representative_window
from multisource.recordings.sources import on_cortex, said_at_moments
from multisource.recordings.windows import over_epochs
from multisource.simulation.truth import SparseTruth

FilePath = str | os.PathLike[str]
MOST_VALUES = 2_500_000  # of all maps of a recording's page, a byte each
ALL_SHOWN = "a window that all methods were given"


def scenario_scenes(
    name: str,
    truth: SparseTruth,
    metrics: pd.DataFrame,
    methods: Sequence[str],
    files: Sequence[FilePath],
    has_cortex: np.ndarray,
) -> list[Scene]:
    """Show the window of a scenario's figure, and one that every method has where that has not.

    Parameters
    ----------
    name : str
        The scenario.
    truth : SparseTruth
        Of its windows.
    metrics : DataFrame
        Metrics of the methods by which the window is chosen.
    methods : sequence of str
        These methods.
    files : sequence of path
        The estimates of all methods that are shown; a method may have the first windows only.
    has_cortex : ndarray of bool, shape (N,)
        Where there is cortex; elsewhere the maps are zero and no source is named.

    Returns
    -------
    list of Scene
        One or two.
    """
    maps = {Path(path).stem: read_estimates(path) for path in files}
    said = {Path(path).stem: read_said(path) for path in files}
    telling = {Path(path).stem: tells_probability(path) for path in files}
    title = f"Scenario {name}" + (f": {SCENARIOS[name]}" if name in SCENARIOS else "")
    figure = f"of figure {FIGURES[name][0]}" if name in FIGURES else "the nearest to the medians"
    fewest = min(len(values) for values in maps.values())
    chosen = {representative_window(metrics, methods): figure}
    if max(chosen) >= fewest:
        # None may do: a metric need not exist in every window.
        with suppress(UserError):
            few = representative_window(metrics[metrics["sample"] < fewest], methods)
            chosen[few] = ALL_SHOWN
    return [
        Scene(
            name if number == 0 else f"{name}-all",
            f"{title} (window {window}, {why})",
            [""],
            [
                MethodMaps(
                    method,
                    np.where(has_cortex, values[[window]], 0),
                    probability=telling[method],
                    said=_only(said[method], [window], has_cortex),
                )
                for method, values in maps.items()
                if window < len(values)
            ],
            truth=truth.dense([window])[0],
            centres=truth.centres(window).tolist(),
        )
        for number, (window, why) in enumerate(chosen.items())
    ]


def recording_scene(
    name: str,
    times: np.ndarray,
    which: np.ndarray,
    strength: np.ndarray,
    files: Mapping[str, FilePath],
    has_cortex: np.ndarray,
    *,
    window_s: float,
    first: int | None = None,
    probabilities: Collection[str] = (),
    most_values: int = MOST_VALUES,
) -> Scene:
    """Show a recording's moments, as many as a page holds, round the strongest or a chosen one.

    Parameters
    ----------
    name : str
        The recording.
    times : ndarray of shape (M,)
        When each moment's windows start, s.
    which : ndarray of int, shape (S,)
        Moment of each window.
    strength : ndarray of shape (M,)
        Root mean square of the EEG at each moment, V.
    files : mapping of str to path
        Method to its estimates.
    has_cortex : ndarray of bool, shape (N,)
        Where there is cortex; elsewhere the maps are zero and no source is named.
    window_s : float
        Length of a window, s.
    first : int, optional
        The moment that the page begins with; the strongest by default.
    probabilities : collection of str
        Methods whose maps are probabilities of being active. One of next to nothing
        (:func:`multisource.certainty.shown.shown_map`) has no colour.
    most_values : int
        Of all maps together.

    Returns
    -------
    Scene
        Without a truth.
    """
    shown: list[MethodMaps] = []
    moments, begin = slice(0), int(strength.argmax()) if first is None else first
    for method, path in files.items():
        maps = over_epochs(read_estimates(path), which)
        if not shown:
            most = most_values // (maps.shape[1] * len(files))
            moments = _round(begin, len(times), most)
        told = read_said(path)
        at = told and said_at_moments(on_cortex(told, has_cortex), which)
        shown.append(
            MethodMaps(
                method,
                shown_map(maps[moments], has_cortex, probability=method in probabilities),
                probability=tells_probability(path),
                said=_only(at, moments, has_cortex),
            )
        )
    few = len(times[moments])
    round_what = "the strongest" if first is None else "the chosen one"
    part = f" ({few} of {len(times)} windows, round {round_what})" if few < len(times) else ""
    return Scene(
        name,
        name + part,
        [f"{start:.3f} to {start + window_s:.3f} s" for start in times[moments]],
        shown,
        first=begin - moments.start,
        strength=strength[moments],
    )


def _round(middle: int, count: int, most: int) -> slice:
    """At most so many of a count of moments, one after the other, with a given one inside."""
    length = min(count, max(1, most))
    first = min(max(0, middle - length // 2), count - length)
    return slice(first, first + length)


def _only(
    said: Sources | None, windows: slice | list[int], has_cortex: np.ndarray
) -> Sources | None:
    """What is said of some windows, and lies in the cortex."""
    if said is None:
        return None
    values = (said.presence, said.number, said.centre, said.probability, said.radius_mm)
    return on_cortex(Sources(*(value[windows] for value in values)), has_cortex)
