"""Electrodes that are off: the simulation's approximation against operator A computed anew.

    python benchmarks/electrode_error.py results/fsaverage

Electrodes are moved along the scalp, the same way but farther each time, and the transfer matrix
and leadfield of the moved ones are computed on the study's mesh with the default settings. The
approximation is given the same displacements. RDM is between the leadfields of the moved and the
unmoved electrodes, dipoles along the normals. Medians over dipoles; 25 CPU seconds a montage.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mne
import numpy as np
import yaml

from multisource.anatomy.displacement import displaced
from multisource.anatomy.electrodes import Electrodes, read_electrodes
from multisource.anatomy.io import load_head
from multisource.anatomy.source_space import source_geometry
from multisource.fem.backends import leadfield, transfer_matrix
from multisource.fem.conductivity import by_label
from multisource.fem.mesh import load_mesh
from multisource.fem.placement import place_dipoles
from multisource.leadfield.compare import rdm
from multisource.leadfield.forward import fixed_gain
from multisource.simulation.electrode_error import tangential_gradients

CONFIG = Path(__file__).parents[1] / "config/config.yaml"
ERRORS_MM = (2, 5, 10)
HEADING = (
    "| error (mm) | RDM of moved to unmoved, computed | the same, approximated "
    "| correlation of the two changes | RDM of approximated to computed |"
)


def main() -> None:
    results = Path(sys.argv[1])
    settings = yaml.safe_load(CONFIG.read_text())["leadfield"]["fem"]
    head = load_head(results / "anatomy")
    electrodes = read_electrodes(results / "anatomy/electrodes.tsv")
    sources = mne.read_source_spaces(results / "leadfield/sources-src.fif", verbose="error")
    dipoles = source_geometry(sources, head.surfaces)
    mesh = load_mesh(results / "leadfield/fem-mesh.npz")
    placed, _ = place_dipoles(
        mesh, dipoles.positions, dipoles.pial, depth=settings["depth"], rings=settings["rings"]
    )
    conductivity = by_label(settings["conductivity"])

    def gain(montage: Electrodes) -> np.ndarray:
        transfer = transfer_matrix(
            settings["backend"],
            mesh,
            conductivity,
            montage.positions,
            names=montage.names,
            tolerance=settings["tolerance"],
        )
        free = leadfield(
            settings["backend"],
            mesh,
            conductivity,
            transfer,
            placed,
            source_model=settings["source_model"],
            rings=settings["rings"],
        )
        fixed = fixed_gain(free, dipoles.normals)
        return fixed - fixed.mean(axis=0)

    plain = gain(electrodes)
    gradients, tangents = tangential_gradients(electrodes.positions)
    print(HEADING)
    print("|---|---|---|---|---|")
    for error in ERRORS_MM:
        moved = displaced(
            electrodes,
            head.surfaces["outer_skin"],
            error_mm=error,
            generator=np.random.default_rng(1),
        )
        true = gain(moved)
        step = np.einsum("ekd,ed->ek", tangents, moved.positions - electrodes.positions)
        change = step[:, :1] * (gradients[0] @ plain) + step[:, 1:] * (gradients[1] @ plain)
        near = plain + change - change.mean(axis=0)
        alike = ((near - plain) * (true - plain)).sum(axis=0)
        alike /= np.linalg.norm(near - plain, axis=0) * np.linalg.norm(true - plain, axis=0)
        values = [np.median(rdm(true, plain)), np.median(rdm(near, plain)), np.median(alike)]
        values.append(np.median(rdm(near, true)))
        print(f"| {error} | " + " | ".join(f"{value:.3f}" for value in values) + " |", flush=True)


if __name__ == "__main__":
    main()
