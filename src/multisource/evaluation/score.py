"""All metrics of stored estimates: what the workflow's metrics files hold, from the files alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from multisource.anatomy.source_table import read_source_table
from multisource.evaluation.courses import Courses
from multisource.evaluation.distances import TruthDistances
from multisource.evaluation.estimates import read_coefficients, read_estimates
from multisource.evaluation.further import evaluate_further
from multisource.evaluation.metrics import evaluate
from multisource.evaluation.thresholds import Thresholds, choose_thresholds
from multisource.simulation.chunks import read_truth
from multisource.simulation.truth import SparseTruth

FilePath = str | Path


def score(
    estimates: FilePath,
    chunks: Sequence[FilePath],
    sources: FilePath,
    *,
    thresholds: Thresholds | None = None,
    distances: TruthDistances | None = None,
    courses: Courses | None = None,
    close_radius_mm: float = 20.0,
    emd_windows: int | None = 100,
) -> pd.DataFrame:
    """Compute every metric of every window of a method on a scenario.

    Parameters
    ----------
    estimates : path
        ``estimates/<scenario>/<method>.nc``. A method that takes long may have left out the last
        windows.
    chunks : sequence of path
        ``simulation/<scenario>/chunk-*.nc`` in their order.
    sources : path
        ``leadfield/sources.tsv``.
    thresholds : Thresholds, optional
        Of the method (``thresholds.read_thresholds`` of ``metrics/validation/<method>.json``, or
        :func:`thresholds_of`). Without them the metrics beyond the paper's are left out.
    distances : TruthDistances, optional
        Of the windows, if they have been measured already.
    courses : Courses, optional
        Of the windows and the method (``courses.courses_of``). Without them the metric of time
        courses is NaN.
    close_radius_mm : float
        ``evaluation.close_radius_mm`` of the configuration.
    emd_windows : int or None
        ``evaluation.emd_windows`` of the configuration; None for all windows.

    Returns
    -------
    pandas.DataFrame
        One row per window: the columns of :func:`multisource.evaluation.metrics.evaluate`, then
        those of :func:`multisource.evaluation.further.evaluate_further`.

    Raises
    ------
    UserError
        If a file is missing, damaged, or does not fit the others.
    """
    maps, coefficients = read_estimates(estimates), read_coefficients(estimates)
    return score_maps(
        maps,
        read_truth(chunks),
        read_source_table(sources).positions,
        coefficients=coefficients,
        thresholds=thresholds,
        distances=distances,
        courses=courses,
        close_radius_mm=close_radius_mm,
        emd_windows=emd_windows,
    )


def score_maps(
    maps: np.ndarray,
    truth: SparseTruth,
    positions: np.ndarray,
    *,
    coefficients: np.ndarray | None = None,
    thresholds: Thresholds | None = None,
    distances: TruthDistances | None = None,
    courses: Courses | None = None,
    close_radius_mm: float = 20.0,
    emd_windows: int | None = 100,
) -> pd.DataFrame:
    """Compute every metric of every window of maps in memory.

    Parameters
    ----------
    maps : ndarray of shape (S, N)
        Estimates, of the first S windows of the truth.
    truth : SparseTruth
        Of the windows.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.
    coefficients : ndarray of shape (S, N), optional
        Expected coefficients l of a method that tells probabilities.
    thresholds : Thresholds, optional
        As for :func:`score`.
    distances : TruthDistances, optional
        As for :func:`score`.
    courses : Courses, optional
        As for :func:`score`.
    close_radius_mm : float
        As for :func:`score`.
    emd_windows : int or None
        As for :func:`score`.

    Returns
    -------
    pandas.DataFrame
        As of :func:`score`.
    """
    truth = truth.first(len(maps))
    measured = (
        TruthDistances.of(truth, positions) if distances is None else distances.first(len(maps))
    )
    metrics = evaluate(
        maps,
        truth,
        positions,
        distances=measured,
        coefficients=coefficients,
        close_radius_mm=close_radius_mm,
    )
    if thresholds is None:
        return metrics
    further = evaluate_further(
        maps,
        truth,
        positions,
        measured,
        thresholds,
        coefficients=coefficients,
        emd_windows=emd_windows,
        courses=courses,
    )
    return pd.concat([metrics, further], axis=1)


def thresholds_of(estimates: FilePath, chunks: Sequence[FilePath], sources: FilePath) -> Thresholds:
    """Choose the thresholds of a method on its estimates of validation windows.

    Parameters
    ----------
    estimates, chunks, sources : path or sequence of path
        As for :func:`score`, of the split ``validation``.

    Returns
    -------
    Thresholds
        The thresholds.
    """
    maps = read_estimates(estimates)
    truth = read_truth(chunks).first(len(maps))
    positions = read_source_table(sources).positions
    return choose_thresholds(maps, truth, positions, ranked=read_coefficients(estimates))
