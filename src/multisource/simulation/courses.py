"""The true time course of every patch, drawn again from what a file of windows says.

A chunk holds the EEG and where its sources are, not what they did. But all random numbers follow
from the seed, the split and the number of the sample, so that the series of a patch's centre,
which the patch follows, can be had without simulating anything.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from multisource.errors import UserError
from multisource.leadfield.forward import read_leadfield
from multisource.netcdf import read_arrays
from multisource.simulation import streams
from multisource.simulation.ar import ARModels, assign_classes, stationary_series, window_factor
from multisource.simulation.ar_io import read_models
from multisource.simulation.project import background_components
from multisource.simulation.settings import Settings, settings_from
from multisource.simulation.streams import Purpose
from multisource.simulation.synchronise import (
    centre_classes,
    centre_white,
    continuous_centres,
)

FilePath = str | Path


def read_courses(
    chunks: Sequence[FilePath],
    ar_models: FilePath,
    recorded_through: Sequence[FilePath] = (),
) -> np.ndarray:
    """Return the time courses of the patches of chunks of one split.

    Parameters
    ----------
    chunks : sequence of path
        ``simulation/<scenario>/chunk-*.nc`` in their order.
    ar_models : path
        The AR models that they were simulated with.
    recorded_through : sequence of path, optional
        For windows that follow one another in one recording, as those of a named scenario do: the
        operators that it was simulated with. Random windows are drawn one by one, whatever the
        operator.

    Returns
    -------
    ndarray of shape (S, P, T)
        Series of the patches' centres, of unit variance; NaN where a window has fewer patches.

    Raises
    ------
    UserError
        If a file is missing or damaged, or the AR models are not those of the windows.
    """
    through = [read_leadfield(path) for path in recorded_through]
    ranks = [len(background_components(one.fixed)[0]) for one in through]
    found = []
    for path in chunks:
        arrays, said = read_arrays(path, "sample", "centre")
        settings = settings_from(json.loads(said["config"]))
        models = read_models(ar_models, sfreq=settings.sfreq)
        if said["ar_models"] != ", ".join(models.names):
            raise UserError(
                f"{ar_models}: models {', '.join(models.names)}; {path} was simulated with "
                f"{said['ar_models']}: give that file"
            )
        found.append(
            centre_courses(
                arrays["sample"],
                arrays["centre"],
                settings,
                models,
                n_dipoles=said["n_dipoles"],
                seed=said["seed"],
                split=said["split"],
                ranks=ranks,
            )
        )
    return np.concatenate(found)


def centre_courses(
    index: np.ndarray,
    centre: np.ndarray,
    settings: Settings,
    models: ARModels,
    *,
    n_dipoles: int,
    seed: int,
    split: str,
    ranks: Sequence[int] = (),
) -> np.ndarray:
    """Draw the time courses of patches again.

    Parameters
    ----------
    index : ndarray of shape (S,)
        Numbers of the windows.
    centre : ndarray of shape (S, P)
        Dipole of each patch's centre, -1 where a window has fewer patches.
    settings : Settings
        Settings that the windows were simulated with.
    models : ARModels
        Models of the time courses, at the windows' rate.
    n_dipoles : int
        Of the source space.
    seed : int
        Seed of the study.
    split : str
        Name of the split or scenario.
    ranks : sequence of int, optional
        For the windows of a recording: the rank of each operator that it may have been drawn with.

    Returns
    -------
    ndarray of shape (S, P, T)
        As of :func:`read_courses`.
    """
    key = streams.stream_key(seed, split)
    classes = assign_classes(models, n_dipoles, streams.generator(seed, "study", "classes"))
    kinds = centre_classes(classes, centre, settings.patch_correlation)
    if not ranks:
        courses = _of_samples(key, index.astype(np.uint64), kinds, settings, models)
        courses[centre < 0] = np.nan
        return courses
    drawn = streams.uniforms(key, Purpose.OPERATORS, np.zeros(1, np.uint64), 1)[0, 0]
    rank = ranks[int(drawn * len(ranks))]
    generator = streams.generator(seed, split, "recording")
    return _of_recording(generator, len(index), kinds[0], settings, models, rank)


def _of_samples(
    key: np.ndarray, indices: np.ndarray, kinds: np.ndarray, settings: Settings, models: ARModels
) -> np.ndarray:
    """As ``samples.Simulator`` draws them."""
    n_times = settings.n_times
    white = centre_white(key, indices, kinds.shape[1], n_times, settings.patch_correlation)
    courses = np.empty(white.shape)
    for kind, a in enumerate(models.coefficients):
        courses[kinds == kind] = white[kinds == kind] @ window_factor(a, n_times).T
    return courses


def _of_recording(
    generator: np.random.Generator,
    n_windows: int,
    kinds: np.ndarray,
    settings: Settings,
    models: ARModels,
    rank: int,
) -> np.ndarray:
    """As ``continuous.continuous_eeg`` draws them, after the background."""
    length = n_windows * settings.n_times
    for a in models.coefficients:
        stationary_series(a, rank, length, generator)
    courses = continuous_centres(kinds, models, length, settings.patch_correlation, generator)
    return courses.reshape(len(kinds), n_windows, settings.n_times).transpose(1, 0, 2)
