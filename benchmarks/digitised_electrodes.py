"""How exactly digitised electrodes come onto a head: a made-up digitisation of a known cap.

    python benchmarks/digitised_electrodes.py results/s1 results/mine

Takes the head of a study (its target ``heads`` is enough). The true cap is the study's, every
electrode moved along the scalp by 5 mm (rms), as caps are. A digitiser presses electrodes, nasion
and ears, and 150 points of the scalp, in axes of its own; every point is off by 1.5 mm (rms), and
the points of the scalp lie 1 mm above it, on the hair. Nasion and ears of the MRI, which the
workflow has, are off from those that are pressed by as much as the row says. Prints the distance
of the electrodes, as the study would have them, from the true ones, and what it says of the fit.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import mne
import numpy as np
from nibabel.affines import apply_affine
from scipy.spatial.transform import Rotation

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.io import load_head
from multisource.anatomy.landmarks import LANDMARKS
from multisource.geometry.closest_points import closest_points
from multisource.geometry.surfaces import vertex_normals
from multisource.montage.placement import place
from multisource.montage.target import Target, target_of

MRI_MM = (0.0, 3.0, 6.0, 10.0)
CAP_MM, PRESSED_MM, HAIR_MM = 5.0, 1.5, 1.0
POINTS = 150


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--folder", type=Path, default=Path("/tmp"), help="for a file of a moment")
    arguments = parser.parse_args()
    print(
        "| head | landmarks of the MRI off by, mm | placed by | error, median (95 %), mm | said: "
        "landmarks, median, mm | said: head's shape, median, mm |\n|---|---|---|---|---|---|"
    )
    began = time.process_time()
    for results in arguments.results:
        target = target_of(load_head(results / "anatomy"))
        cap = read_electrodes(results / "anatomy" / "electrodes.tsv")
        for off in MRI_MM:
            for shape in (False, True):
                rng = np.random.default_rng(5)
                trials = [
                    trial(target, cap.names, cap.positions, off, shape, rng, arguments.folder)
                    for _ in range(arguments.trials)
                ]
                errors, marks, heads = (np.concatenate(each) for each in zip(*trials, strict=True))
                said = f"{np.median(heads):.1f}" if shape else ""
                by = "landmarks and the head's shape" if shape else "landmarks"
                print(
                    f"| {results.name} | {off:g} | {by} | {np.median(errors):.1f} "
                    f"({np.percentile(errors, 95):.1f}) | {np.median(marks):.1f} | {said} |",
                    flush=True,
                )
    print(f"\n{time.process_time() - began:.0f} CPU s")


def trial(
    target: Target,
    names: list[str],
    cap: np.ndarray,
    off_mm: float,
    shape: bool,
    rng: np.random.Generator,
    folder: Path,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Digitise a cap, place it, and return the errors and what is said of landmarks and shape."""
    true = closest_points(*target.scalp, cap + _noise(rng, cap.shape, CAP_MM))[0]
    pressed = target.landmarks()
    known = closest_points(*target.scalp, pressed + _noise(rng, pressed.shape, off_mm))[0]
    vertices, triangles = target.scalp
    upper = np.flatnonzero(vertices[:, 2] > pressed[:, 2].mean())
    chosen = rng.choice(upper, POINTS, replace=False)
    hair = vertices[chosen] + HAIR_MM * vertex_normals(vertices, triangles)[chosen]
    turn = np.eye(4)
    turn[:3, :3] = Rotation.random(random_state=rng).as_matrix()
    turn[:3, 3] = rng.normal(scale=100.0, size=3)
    electrodes, marks, points = (
        apply_affine(turn, one + _noise(rng, one.shape, PRESSED_MM)) / 1000.0
        for one in (true, pressed, hair)
    )
    montage = mne.channels.make_dig_montage(
        dict(zip(names, electrodes, strict=True)),
        **dict(zip(LANDMARKS, marks, strict=True)),
        hsp=points if shape else None,
        coord_frame="unknown",
    )
    file = folder / "digitised-dig.fif"
    montage.save(file, overwrite=True, verbose="error")
    here = replace(target, fiducials=dict(zip(LANDMARKS, known, strict=True)))
    placed = place(here, names, file)
    file.unlink()
    errors = np.linalg.norm(placed.electrodes.positions - true, axis=1)
    said = placed.digitised
    return errors, np.array(list(said.landmarks_mm.values())), said.head_shape_mm


def _noise(rng: np.random.Generator, shape: tuple[int, ...], rms_mm: float) -> np.ndarray:
    return rng.normal(scale=rms_mm / np.sqrt(3.0), size=shape)


if __name__ == "__main__":
    main()
