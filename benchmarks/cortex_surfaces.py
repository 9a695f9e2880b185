"""A head's white and pial surface against FreeSurfer's of the same person: docs/own-head.md.

    python benchmarks/cortex_surfaces.py results/mine/anatomy /data/subjects/mine

Takes pairs of folders: the ``anatomy`` of a study's head that was made from a T1, and FreeSurfer's
subject of the same T1, or a folder ``surfaces`` of pycortex's, whose surfaces lie in the T1's
scanner coordinates. Distances are taken from vertices of one surface to the triangles of the other,
of cortex alone: where white and pial surface are one, the medial wall, there is none. Prints one
row a hemisphere.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import nibabel
import numpy as np
from nibabel.affines import apply_affine

from multisource.anatomy.io import read_surface
from multisource.anatomy.sphere import unmapped
from multisource.geometry.closest_points import closest_points
from multisource.geometry.crossing import crossings
from multisource.geometry.surfaces import Surface, triangle_areas

CORTEX_MM = 0.1  # thicker than this
HEADER = (
    "| hemisphere | white from FreeSurfer's, mm: median, 95 % | FreeSurfer's from it | pial from "
    "FreeSurfer's | FreeSurfer's from it | area of white, cm2 (FreeSurfer's) | area of pial "
    "| triangles that are pierced: white, pial (FreeSurfer's) "
    "| flipped or collapsed on the sphere |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="ANATOMY FREESURFER")
    folders = parser.parse_args().folders
    if len(folders) % 2:
        parser.error("give pairs of folders")
    print(HEADER)
    began = time.process_time()
    for own, theirs in zip(folders[::2], folders[1::2], strict=True):
        for side in ("lh", "rh"):
            print(row(f"{own.parent.name} {side}", own / "surf", theirs, side), flush=True)
    print(f"{time.process_time() - began:.0f} CPU s")


def row(name: str, own: Path, theirs: Path, side: str) -> str:
    """One row of the table, for one hemisphere."""
    white, pial, sphere = (read_surface(own / f"{side}.{k}") for k in ("white", "pial", "sphere"))
    other = freesurfer_surfaces(theirs, side)
    cells = [name]
    for one, another in zip((white, pial), other, strict=True):
        cells += [far(one, another, thick(white, pial)), far(another, one, thick(*other))]
    for one, another in zip((white, pial), other, strict=True):
        area, true = cortex_area(one, thick(white, pial)), cortex_area(another, thick(*other))
        cells.append(f"{area:.0f} ({true:.0f}; {area / true - 1:+.0%})")
    cells.append(
        ", ".join(str(pierced(each)) for each in (white, pial))
        + f" ({', '.join(str(pierced(each)) for each in other)})"
    )
    bad = unmapped(sphere[0], *white)
    cells.append(f"{bad.sum()} of {len(bad)}")
    return "| " + " | ".join(cells) + " |"


def freesurfer_surfaces(folder: Path, side: str) -> tuple[Surface, Surface]:
    """White and pial in the T1's scanner coordinates, mm."""
    if (folder / "surf").is_dir():
        header = nibabel.load(folder / "mri" / "T1.mgz").header
        to_scanner = header.get_vox2ras() @ np.linalg.inv(header.get_vox2ras_tkr())
        white, pial = (read_surface(folder / "surf" / f"{side}.{k}") for k in ("white", "pial"))
        return (
            (apply_affine(to_scanner, white[0]), white[1]),
            (apply_affine(to_scanner, pial[0]), pial[1]),
        )
    images = [nibabel.load(folder / f"{kind}_{side}.gii") for kind in ("wm", "pia")]
    white, pial = (tuple(array.data for array in image.darrays[:2]) for image in images)
    return (white[0].astype(float), white[1]), (pial[0].astype(float), pial[1])


def thick(white: Surface, pial: Surface) -> np.ndarray:
    """Which vertices have cortex."""
    return np.linalg.norm(pial[0] - white[0], axis=1) > CORTEX_MM


def far(one: Surface, another: Surface, cortex: np.ndarray) -> str:
    """How far the vertices of one surface are from another."""
    _, distance, _ = closest_points(*another, one[0][cortex])
    return f"{np.median(distance):.2f}, {np.percentile(distance, 95):.2f}"


def cortex_area(surface: Surface, cortex: np.ndarray) -> float:
    """Area of the triangles whose corners all have cortex, cm2."""
    return triangle_areas(*surface)[cortex[surface[1]].all(axis=1)].sum() / 100


def pierced(surface: Surface) -> int:
    """How many triangles an edge of the same surface pierces."""
    return len(np.unique(crossings(surface, surface)[1]))


if __name__ == "__main__":
    main()
