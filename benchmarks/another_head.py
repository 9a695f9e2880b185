"""Another person's head: how much of the difference is its tissues, and how much its folds.

    python benchmarks/another_head.py results/fsaverage another_person results/sample_ecog

The study's folder, the variant of the leadfield that borrows another head, and that head's results.
The first row is the variant against operator A: dipoles along the normals of each head. In the
second the dipoles of both point along the normals of this head, so that places, shells and
electrodes differ, and the folds do not. The axes are those of the two scans. Over the dipoles.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from multisource.leadfield.compare import lnmag, rdm
from multisource.leadfield.forward import fixed_gain, read_leadfield


def spread(values: np.ndarray, places: int) -> str:
    low, middle, high = np.percentile(values, [5, 50, 95])
    return f"{middle:.{places}f} ({low:.{places}f} to {high:.{places}f})"


def main() -> None:
    results, variant, there = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    own = read_leadfield(results / "leadfield/fem-fwd.fif")
    borrowed = read_leadfield(results / f"leadfield/{variant}-fwd.fif")
    other = read_leadfield(there / "leadfield/fem-fwd.fif").of_channels(own.channels)
    table = pd.read_csv(results / f"leadfield/{variant}-matched.tsv", sep="\t")
    chosen = table["other"].to_numpy()
    free = other.free.reshape(len(own.channels), -1, 3)[:, chosen]
    straight = fixed_gain(free.reshape(len(own.channels), -1), own.normals)
    cosine = np.einsum("nk,nk->n", own.normals, other.normals[chosen])
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    print("| dipoles along | RDM | lnMAG |")
    print("|---|---|---|")
    for name, gain in (("each head's normals", borrowed.fixed), ("this head's normals", straight)):
        far, larger = rdm(gain, own.fixed), lnmag(gain, own.fixed)
        print(f"| {name} | {spread(far, 2)} | {spread(larger, 2)} |")
    print(f"\nNormals are {spread(angle, 0)} degrees apart.")


if __name__ == "__main__":
    main()
