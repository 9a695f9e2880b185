"""Boundary elements on the three-layer sphere: error, CPU time and memory by resolution.

    python benchmarks/bem_accuracy.py --ico 2 3 4 --output docs/bem-accuracy.csv

A figure of the same name is drawn beside it; ``--ico`` without levels draws only. One line for
each method and icosahedron level (2: 162 vertices a surface, 3: 642, 4: 2562):
OpenMEEG's symmetric method as this package runs it, and MNE-Python's linear collocation on the
same triangles. 51 electrodes, 8199 dipoles of free orientation, 0.3 / 0.006 / 0.3 S/m, radii 80,
86, 92 mm; medians against the analytic series. Each runs in a process of its own, whose CPU
seconds (all threads) and peak memory are given. ico 4 takes eight minutes and 3.5 GB.
"""

import argparse
import multiprocessing
import resource
import time
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd

matplotlib.use("Agg")
import matplotlib.pyplot as plt

CONDUCTIVITY = {"brain": 0.3, "skull": 0.006, "scalp": 0.3}
RADII = np.array([80.0, 86.0, 92.0])
DIPOLES = 911
SHOWN = (0.2, 0.6, 0.8, 0.9, 0.94, 0.97)


def surfaces(ico):
    from multisource.anatomy.head import SHELLS
    from multisource.geometry.icosphere import icosphere

    unit, triangles = icosphere(ico)
    return {name: (radius * unit, triangles) for name, radius in zip(SHELLS, RADII, strict=True)}


def symmetric(ico, electrodes, positions):
    from multisource.bem.openmeeg import bem_leadfield

    return bem_leadfield(surfaces(ico), CONDUCTIVITY, electrodes, positions, ico=None)


def collocation(ico, electrodes, positions):
    import mne

    from multisource.anatomy.electrodes import Electrodes
    from multisource.leadfield.forward import electrode_info, leadfield_of, mri_head_transform

    models = []
    shells = list(surfaces(ico).values())
    for (vertices, triangles), sigma, identity in zip(
        shells[::-1], list(CONDUCTIVITY.values())[::-1], (4, 3, 1), strict=True
    ):
        corners = vertices[triangles] * 1e-3
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        area = np.linalg.norm(normal, axis=1)
        models.append(
            {
                "id": identity,
                "coord_frame": 5,
                "np": len(vertices),
                "ntri": len(triangles),
                "sigma": sigma,
                "rr": vertices * 1e-3,
                "tris": triangles,
                "nn": vertices / np.linalg.norm(vertices, axis=1, keepdims=True),
                "tri_nn": normal / area[:, None],
                "tri_area": area / 2,
                "tri_cent": corners.mean(axis=1),
            }
        )
    fiducials = {"lpa": [-80.0, 0, 0], "nasion": [0.0, 80, 0], "rpa": [80.0, 0, 0]}
    names = [f"E{number}" for number in range(len(electrodes))]
    up = np.tile([0.0, 0, 1], (len(positions), 1))
    forward = mne.make_forward_solution(
        electrode_info(Electrodes(names, electrodes), fiducials),
        mri_head_transform(fiducials),
        mne.setup_volume_source_space(pos={"rr": positions * 1e-3, "nn": up}, verbose="error"),
        mne.make_bem_solution(models, verbose="error"),
        meg=False,
        verbose="error",
    )
    gain = leadfield_of(forward).free
    return gain - gain.mean(axis=0)


METHODS = {"symmetric (OpenMEEG)": symmetric, "linear collocation (MNE)": collocation}


def measure(method, ico, queue):
    from multisource.geometry.icosphere import icosphere
    from multisource.leadfield.verification import ECCENTRICITIES, sphere_errors

    unit, triangles = icosphere(ico)
    inside = np.linalg.norm(unit[triangles].mean(axis=1), axis=1).min()
    used = {}

    def solve(electrodes, positions):
        start = time.process_time()
        gain = METHODS[method](ico, electrodes, positions)
        used["cpu"] = time.process_time() - start
        return gain, positions

    errors = sphere_errors(
        solve,
        radii=RADII,
        conductivities=np.array(list(CONDUCTIVITY.values())),
        eccentricities=[share for share in ECCENTRICITIES if share < inside],
        electrodes=51,
        dipoles=DIPOLES,
    )
    medians = errors.groupby("eccentricity")[["rdm", "lnmag"]].median()
    row = {
        "method": method,
        "ico": ico,
        "vertices": len(unit),
        "cpu_s": round(used["cpu"], 1),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
    }
    for column in ("rdm", "lnmag"):
        for share in SHOWN:
            value = medians[column].get(share, np.nan)
            row[f"{column}_{share}"] = float(f"{value:.4g}")
    queue.put(row)


def draw(table, path):
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6))
    markers = {2: "^", 3: "s", 4: "o"}
    for (method, ico), rows in table.groupby(["method", "ico"]):
        style = dict(
            color="tab:blue" if method in list(METHODS)[:1] else "tab:orange",
            marker=markers.get(ico, "x"),
            markersize=4,
            label=f"{method}, ico {ico}",
        )
        for axis, column in zip(axes, ("rdm", "lnmag"), strict=True):
            values = [100 * abs(rows.iloc[0][f"{column}_{share}"]) for share in SHOWN]
            axis.semilogy(SHOWN, values, **style)
    axes[0].set_ylabel("median RDM (%)")
    axes[1].set_ylabel("median |lnMAG| (%)")
    for axis in axes:
        axis.set_xlabel("eccentricity")
        axis.grid(alpha=0.3, which="both")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="lower center", ncol=2, fontsize=8)
    figure.tight_layout(rect=(0, 0.2, 1, 1))
    figure.savefig(path, dpi=130)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ico", type=int, nargs="*", default=[2, 3])
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--output", help="csv file to write; rows of other runs in it are kept")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    table = pd.DataFrame()
    if options.output and Path(options.output).is_file():
        table = pd.read_csv(options.output)
    for ico in options.ico:
        for method in options.methods:
            queue = context.SimpleQueue()
            process = context.Process(target=measure, args=(method, ico, queue))
            process.start()
            process.join()
            if process.exitcode != 0:
                raise SystemExit(f"{method} at ico {ico} ended with status {process.exitcode}")
            table = pd.concat([table, pd.DataFrame([queue.get()])])
            table = table.drop_duplicates(["method", "ico"], keep="last")
            table = table.sort_values(["ico", "method"])
            if options.output:
                table.to_csv(options.output, index=False)
    if options.output:
        draw(table, Path(options.output).with_suffix(".png"))
    print(table.to_markdown(index=False))


if __name__ == "__main__":
    main()
