"""Simulated windows on the small forward, and the study that made them, for tests of solvers."""

from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import inverse_case
import numpy as np

from multisource.anatomy.source_table import write_source_table
from multisource.inverse.contract import Study
from multisource.leadfield.forward import leadfield_of
from multisource.simulation.ar_io import read_models
from multisource.simulation.samples import Simulator
from multisource.simulation.settings import Settings

AR_MODELS = Path(__file__).parents[2] / "resources/ar-models.yaml"
# Sparse dipoles, 1 cm apart: small patches would be of one dipole.
SETTINGS = Settings(n_patches=(1, 2), extent_mm=(45.0, 70.0), boost=20.0)


def simulated_case(folder, n_windows):
    """Return the forward, the study, simulated windows and the dipoles' positions in mm."""
    forward = inverse_case.forward()
    leadfield = leadfield_of(forward)
    count = len(leadfield.positions)
    table = folder / "sources.tsv"
    wall = np.zeros(count, bool)
    wall[::50] = True
    write_source_table(
        table,
        SimpleNamespace(
            positions=leadfield.positions,
            hemisphere=np.repeat([0, 1], [s["nuse"] for s in forward["src"]]),
            vertices=np.concatenate([s["vertno"] for s in forward["src"]]),
            medial_wall=wall,
        ),
    )
    models = read_models(AR_MODELS, sfreq=SETTINGS.sfreq)
    simulator = Simulator(
        leadfield.fixed, leadfield.positions, models, SETTINGS, seed=3, split="test", cortex=~wall
    )
    study = Study(asdict(SETTINGS), str(AR_MODELS), str(table), 7)
    return forward, study, simulator.block(range(n_windows)), leadfield.positions
