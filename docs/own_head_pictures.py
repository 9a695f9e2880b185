"""Make the pictures of docs/own-head.md and print its numbers, from a study on a T1.

python docs/own_head_pictures.py results/colin27 colin27.nii.gz docs/pictures
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from nibabel.affines import apply_affine
from scipy.spatial import cKDTree

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.head import CORTEX, SHELLS
from multisource.anatomy.io import load_head
from multisource.anatomy.source_space import THINNEST_CORTEX_MM
from multisource.anatomy.source_table import read_source_table
from multisource.anatomy.sphere import folded
from multisource.anatomy.t1 import read_t1
from multisource.figures.brain import draw_brain
from multisource.figures.cortex import make_cortex
from multisource.figures.raster import rasterise
from multisource.geometry.closest_points import closest_points
from multisource.geometry.surfaces import euler_number, plane_section, triangle_areas, volume
from multisource.leadfield.forward import read_leadfield

LINES = {
    "white": ("#ffd34d", "white surface"),
    "pial": ("#ff5a4f", "pial surface"),
    "inner_skull": ("#4fc3f7", "inner skull"),
    "outer_skull": ("#81e68f", "outer skull"),
    "outer_skin": ("#f3a6ff", "scalp"),
}
PLANES = (("sagittal", 0, 1, 2), ("coronal", 1, 0, 2), ("axial", 2, 0, 1))
NEAR_MM = 1.0


def slices(head, t1, sources, electrodes) -> Figure:
    """The T1 with every surface's outline, dipoles and electrodes near the plane."""
    white = np.concatenate([head.surfaces[f"{side}.white"][0] for side in ("lh", "rh")])
    centre = np.median(white, axis=0) + [22.0, -4.0, 8.0]
    figure = Figure(figsize=(13.5, 5.2), layout="constrained", facecolor="black")
    for axis, (title, normal, across, up) in zip(figure.subplots(1, 3), PLANES, strict=True):
        draw_slice(axis, t1, centre[normal], normal, across, up)
        for name, (vertices, triangles) in head.surfaces.items():
            kind = name.split(".")[-1]
            if kind in LINES:
                segments = plane_section(vertices, triangles, normal, centre[normal])
                axis.add_collection(
                    LineCollection(
                        segments[:, :, [across, up]], colors=LINES[kind][0], linewidths=0.8
                    )
                )
        near = np.abs(sources.positions[:, normal] - centre[normal]) < NEAR_MM
        axis.plot(*sources.positions[near][:, [across, up]].T, "o", color="white", markersize=1.6)
        near = np.abs(electrodes.positions[:, normal] - centre[normal]) < 6 * NEAR_MM
        axis.plot(*electrodes.positions[near][:, [across, up]].T, "s", color="white", markersize=6)
        skin = head.surfaces["outer_skin"][0]
        low, high = skin.min(axis=0) - 8, skin.max(axis=0) + 8
        axis.set(xlim=(low[across], high[across]), ylim=(low[up], high[up]), aspect="equal")
        axis.set_title(f"{title}, {'xyz'[normal]} = {centre[normal]:.0f} mm", color="white")
        axis.set_axis_off()
    handles = [Line2D([], [], color=colour, label=label) for colour, label in LINES.values()]
    handles += [
        Line2D([], [], marker="o", ls="", color="white", markersize=3, label="dipole"),
        Line2D([], [], marker="s", ls="", color="white", label="electrode"),
    ]
    figure.legend(
        handles=handles, loc="outside lower center", ncols=7, frameon=False, labelcolor="white"
    )
    return figure


def draw_slice(axis, t1, position, normal, across, up) -> None:
    origin, step = t1.affine[:3, 3], np.diag(t1.affine)[:3]
    index = int(np.rint((position - origin[normal]) / step[normal]))
    image = np.take(t1.data, index, axis=normal).T
    bounds = []
    for k in (across, up):
        bounds += [origin[k] - step[k] / 2, origin[k] + step[k] * (t1.data.shape[k] - 0.5)]
    top = np.percentile(t1.data, 99.5)
    axis.imshow(image, origin="lower", extent=bounds, cmap="gray", vmin=0, vmax=top)


def cortex(head, sources) -> Figure:
    """White and pial surface as they are, and the dipoles on the white one."""
    used = [sources.vertices[sources.hemisphere == h] for h in (0, 1)]
    figure = Figure(figsize=(13.5, 4.6), layout="constrained")
    axes = figure.subplots(1, 3)
    everywhere = np.ones(len(sources.positions))
    for axis, kind, view, title, dots in (
        (axes[0], "pial", "left lateral", "pial surface", None),
        (axes[1], "white", "left lateral", "white surface", None),
        (axes[2], "white", "top", f"{len(everywhere)} dipoles", everywhere),
    ):
        drawn = make_cortex(head.surfaces, used, kind=kind, smoothing_mm=1.0)
        draw_brain(axis, drawn, rasterise(drawn, view), truth=dots, dot_size=2.0)
        axis.set_title(title, pad=12)
    return figure


def numbers(head, sources, results) -> None:
    """Print what docs/own-head.md says of the head."""
    volumes = {name: round(float(ml)) for name, ml in head.tissue_volumes().items()}
    print("volumes (ml):", volumes, "within the skull:", sum(list(volumes.values())[:3]))
    for name in CORTEX + SHELLS:
        vertices, triangles = head.surfaces[name]
        area = triangle_areas(vertices, triangles).sum() / 100
        print(
            f"{name}: {len(vertices)} vertices, Euler number {euler_number(triangles)}, "
            f"{area:.0f} cm2, {volume(vertices, triangles) / 1000:.0f} ml"
        )
        if name.endswith("sphere"):
            print(f"{name}: {folded(vertices, triangles).sum()} folded triangles")
    for side in ("lh", "rh"):
        white, triangles = head.surfaces[f"{side}.white"]
        pial = head.surfaces[f"{side}.pial"][0]
        there = np.linalg.norm(pial - white, axis=1) >= THINNEST_CORTEX_MM
        some = np.flatnonzero(there)[::40]
        # As FreeSurfer: the mean of the distances from each surface to the other.
        out = closest_points(pial, triangles, white[some])[1]
        back = closest_points(white, triangles, pial[some])[1]
        thickness = (out + back) / 2
        print(
            f"{side} thickness (mm): {spread(thickness)}, mean {thickness.mean():.2f}; "
            f"none: {(~there).mean():.1%}"
        )
        faced = np.einsum("ij,ij->i", facing(white, triangles), facing(pial, triangles))[
            there[triangles].all(axis=1)
        ]
        print(f"{side} pial triangles turned over: {(faced < 0).mean():.1%}")
    inner, outer, skin = (head.surfaces[name][0] for name in SHELLS)
    above = apply_affine(head.to_mni, inner)[:, 2] > 10
    for name, one, two in (
        ("skull", inner, "outer_skull"),
        ("scalp", outer, "outer_skin"),
        ("scalp and skull", inner, "outer_skin"),
    ):
        _, distance, _ = closest_points(*head.surfaces[two], one[above])
        print(f"{name} above MNI z = 10 mm (mm): {spread(distance)}")
    for index, side in enumerate(("lh", "rh")):
        points = sources.positions[sources.hemisphere == index]
        nearest = cKDTree(points).query(points, k=2)[0][:, 1]
        print(f"{side} dipole to its nearest neighbour (mm): {spread(nearest)}")
    print(
        f"{len(sources.positions)} dipoles, {sources.medial_wall.sum()} of them on the medial wall"
    )
    pial = np.concatenate(
        [
            head.surfaces[f"{side}.pial"][0][sources.vertices[sources.hemisphere == index]]
            for index, side in enumerate(("lh", "rh"))
        ]
    )
    middle = (sources.positions + pial)[~sources.medial_wall] / 2
    tissue = head.tissue_at(middle)
    shares = np.bincount(tissue, minlength=4)[1:4] / len(tissue)
    print(f"half-way to pial in white, grey, CSF: {shares.round(3)}")
    a, b = (read_leadfield(results / f"leadfield/{kind}-fwd.fif").fixed for kind in ("fem", "bem"))
    a, b = (gain / np.linalg.norm(gain, axis=0) for gain in (a, b))
    print(f"RDM of A against B, cortex: {spread(np.linalg.norm(a - b, axis=0))}")


def facing(vertices, triangles):
    """Direction (m, 3) in which each triangle faces, not normalised."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return np.cross(b - a, c - a)


def spread(values) -> str:
    """5 %, median and 95 %."""
    return " / ".join(f"{v:.2f}" for v in np.percentile(values, (5, 50, 95)))


def main(results: Path, t1: Path, pictures: Path) -> None:
    """Write the pictures and print the numbers."""
    head = load_head(results / "anatomy")
    sources = read_source_table(results / "leadfield/sources.tsv")
    electrodes = read_electrodes(results / "anatomy/electrodes.tsv")
    figure = slices(head, read_t1(t1), sources, electrodes)
    figure.savefig(pictures / "own-head-slices.png", dpi=90)
    cortex(head, sources).savefig(pictures / "own-head-cortex.png", dpi=90)
    numbers(head, sources, results)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
