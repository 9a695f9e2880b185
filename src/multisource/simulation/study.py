"""The simulator of a study, from the study's files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.source_table import read_source_table
from multisource.leadfield.forward import read_leadfield
from multisource.simulation.ar_io import read_models
from multisource.simulation.samples import Simulator
from multisource.simulation.settings import settings_from


def study_simulator(
    *,
    forward: str | os.PathLike,
    ar_models: str | os.PathLike,
    electrodes: str | os.PathLike,
    sources: str | os.PathLike | None = None,
    settings: Mapping[str, Any],
    seed: int,
    split: str,
) -> Simulator:
    """Simulator of one split.

    forward: operator A (``leadfield/fem-fwd.fif``). ar_models: YAML of the time courses.
    electrodes: ``anatomy/electrodes.tsv``. sources: the dipoles' table; without it patches may be
    centred on the medial wall too. settings: ``simulation`` section of the configuration.
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
