"""Make docs/pictures/fem-cut.png: the tissues of two FEM meshes of one head in a coronal plane.

python docs/fem_cut_picture.py results/plain results/cut docs/pictures/fem-cut.png

Takes two studies of the same head, with leadfield.fem.mesh tetrahedra and cut_tetrahedra, of which
the targets ``leadfields`` are there.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from multisource.anatomy.head import TISSUES
from multisource.anatomy.io import load_head
from multisource.fem.locate import locate
from multisource.fem.mesh import load_mesh
from multisource.geometry.surfaces import plane_section

PLANE_MM, WINDOW_MM, STEP_MM = -20.0, ((-72, -12), (10, 62)), 0.2
COLOURS = ["#ffffff", "#f2e6c9", "#b9848c", "#a9d3e8", "#cfcabb", "#e7bfa0"]
LINES = {"white": "#7a5b00", "pial": "#8d0f1c"}


def main() -> None:
    plain, cut, out = map(Path, sys.argv[1:4])
    surfaces = load_head(plain / "anatomy").surfaces
    figure = Figure(figsize=(11, 5.4), dpi=110, layout="constrained")
    for axes, folder, title in zip(
        figure.subplots(1, 2), (plain, cut), ("tetrahedra", "cut_tetrahedra"), strict=True
    ):
        mesh = load_mesh(folder / "leadfield" / "fem-mesh.npz")
        x, z = (np.arange(*ends, STEP_MM) + STEP_MM / 2 for ends in WINDOW_MM)
        points = np.stack(np.meshgrid(x, [PLANE_MM], z, indexing="ij"), axis=-1).reshape(-1, 3)
        element, _ = locate(mesh, points)
        tissue = np.where(element < 0, 0, mesh.labels[element]).reshape(len(x), len(z))
        axes.imshow(
            tissue.T,
            origin="lower",
            extent=[*WINDOW_MM[0], *WINDOW_MM[1]],
            cmap=ListedColormap(COLOURS),
            vmin=-0.5,
            vmax=5.5,
            interpolation="nearest",
        )
        for kind, colour in LINES.items():
            for side in ("lh", "rh"):
                lines = plane_section(*surfaces[f"{side}.{kind}"], 1, PLANE_MM)[:, :, [0, 2]]
                axes.add_collection(LineCollection(lines, colors=colour, linewidths=0.9))
        axes.set(xlim=WINDOW_MM[0], ylim=WINDOW_MM[1], xlabel="x, mm (left to right)")
        axes.set_title(f"mesh: {title}, {len(mesh.nodes):,} nodes", loc="left", fontsize=10)
        axes.set_ylabel("z, mm (up)")
    handles = [
        Patch(facecolor=COLOURS[label], edgecolor="#555555", label=name)
        for label, name in TISSUES.items()
    ]
    handles += [Line2D([], [], color=c, label=f"{kind} surface") for kind, c in LINES.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=7, fontsize=9, frameon=False)
    figure.savefig(out)


if __name__ == "__main__":
    main()
