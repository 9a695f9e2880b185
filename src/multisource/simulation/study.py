"""The simulator of a study, from the study's files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.source_table import read_source_table
from multisource.leadfield.forward import read_leadfield
from multisource.simulation.ar_io import read_models
from multisource.simulation.samples import Simulator
from multisource.simulation.settings import settings_from


def study_simulator(
    *,
    forward: str | Path,
    ar_models: str | Path,
    electrodes: str | Path,
    sources: str | Path | None = None,
    settings: Mapping[str, Any],
    seed: int,
    split: str,
) -> Simulator:
    """Make the simulator of one split.

    Parameters
    ----------
    forward : path-like
        File of operator A (``leadfield/fem-fwd.fif``).
    ar_models : path-like
        YAML of the time courses.
    electrodes : path-like
        File ``anatomy/electrodes.tsv``.
    sources : path-like, optional
        Table of the dipoles; without it patches may be centred on the medial wall too.
    settings : mapping
        Section ``simulation`` of the configuration.
    seed : int
        Seed of the study.
    split : str
        Name of the split.

    Returns
    -------
    Simulator
        The simulator.
    """
    chosen = settings_from(settings)
    operator = read_leadfield(forward)
    return Simulator(
        operator.fixed,
        operator.positions,
        read_models(ar_models, sfreq=chosen.sfreq),
        chosen,
        seed=seed,
        split=split,
        cortex=None if sources is None else ~read_source_table(sources).medial_wall,
        channels=operator.channels,
        electrodes=read_electrodes(electrodes).positions,
    )
