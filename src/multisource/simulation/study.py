"""The simulator of a study, from the study's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.source_table import read_source_table
from multisource.errors import UserError
from multisource.leadfield.forward import read_leadfields
from multisource.simulation.ar_io import read_models
from multisource.simulation.samples import Simulator
from multisource.simulation.settings import settings_from


def study_simulator(
    *,
    forward: str | Path | Sequence[str | Path],
    ar_models: str | Path,
    electrodes: str | Path,
    sources: str | Path | None = None,
    settings: Mapping[str, Any],
    seed: int,
    split: str,
    channels: Sequence[str] | None = None,
) -> Simulator:
    """Make the simulator of one split.

    Parameters
    ----------
    forward : path-like or sequence of path-like
        File of the operator (A: ``leadfield/fem-fwd.fif``), or of each of those that
        ``settings["operator"]`` names.
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
    channels : sequence of str, optional
        Names of the electrodes in use; all by default.

    Returns
    -------
    Simulator
        The simulator.

    Raises
    ------
    UserError
        If the files are not as many as the operators, or of other channels or dipoles.
    """
    chosen = settings_from(settings)
    operators = read_leadfields(forward)
    if len(operators) != len(chosen.operator):
        raise UserError(
            f"simulation.operator: {list(chosen.operator)}; {len(operators)} files given"
        )
    placed = read_electrodes(electrodes)
    if channels is not None:
        operators = [each.of_channels(channels) for each in operators]
        placed = placed.chosen(channels)
    operator = operators[0]
    return Simulator(
        [each.fixed for each in operators],
        operator.positions,
        read_models(ar_models, sfreq=chosen.sfreq),
        chosen,
        seed=seed,
        split=split,
        cortex=None if sources is None else ~read_source_table(sources).medial_wall,
        channels=operator.channels,
        electrodes=placed.positions,
    )
