"""How the classical solvers depend on noise covariance, regularisation, orientation, smoothing.

    python benchmarks/inverse_sensitivity.py results/fsaverage --windows 200

Reads leadfield/bem-fwd.fif, leadfield/fem-fwd.fif and simulation/test/chunk-0.nc of a finished
study and prints medians over the windows as a Markdown table.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import mne
import pandas as pd

from multisource.evaluation.metrics import evaluate
from multisource.inverse import registry
from multisource.inverse.kernel import apply_kernel
from multisource.inverse.mesh import smoothing
from multisource.leadfield.forward import leadfield_of
from multisource.simulation.chunks import read_chunks
from multisource.simulation.truth import SparseTruth

COLUMNS = ["auc_close", "auc_far", "auc_map", "fraction_active", "dr_least", "average_precision"]
KINDS = ("mne", "dspm", "sloreta", "eloreta")
CASES: list[tuple[str, str, dict, int]] = [
    *((f"{k}, free, white noise, snr 3", k, {}, 0) for k in registry.SOLVERS if k != "invertmeeg"),
    *((f"{k}, snr {snr}", k, {"snr": float(snr)}, 0) for k in KINDS for snr in (1, 10, 30)),
    *((f"{k}, background noise", k, {"noise": "background"}, 0) for k in (*KINDS, "loreta")),
    *((f"{k}, fixed", k, {"orientation": "fixed"}, 0) for k in KINDS),
    *((f"{k}, loose 0.2", k, {"orientation": "loose"}, 0) for k in KINDS[:3]),
    *((f"{k}, depth 0.8", k, {"depth": 0.8}, 0) for k in KINDS[:3]),
    *((f"{k}, smoothed {n} steps", k, {}, n) for k in KINDS for n in (5, 20)),
    *((f"loreta, epsilon {e:g}", "loreta", {"epsilon": e}, 0) for e in (1e-4, 1e-3, 1e-1)),
    ("loreta, Omega = I", "loreta", {"depth": 0.0}, 0),
    *((f"laura, N_V {n}", "laura", {"max_neighbours": n}, 0) for n in (26, 8196)),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, help="folder of a finished study")
    parser.add_argument("--windows", type=int, default=200)
    arguments = parser.parse_args()
    forward = mne.read_forward_solution(arguments.study / "leadfield/bem-fwd.fif", verbose="error")
    fem = mne.read_forward_solution(arguments.study / "leadfield/fem-fwd.fif", verbose="error")
    data = read_chunks([arguments.study / "simulation/test/chunk-0.nc"])
    data = data.isel(sample=slice(arguments.windows), boundary=slice(arguments.windows + 1))
    truth, eeg = SparseTruth.from_dataset(data), data["eeg"].values
    positions = leadfield_of(fem).positions
    rows = {}
    for name, kind, options, steps in CASES:
        kernel = registry.build_kernel(kind, forward, **options)
        maps = apply_kernel(kernel, eeg, smoothing=smoothing(forward, steps))
        rows[name] = evaluate(maps, truth, positions)[COLUMNS].median()
    print(pd.DataFrame(rows).T.to_markdown(floatfmt=".3f"))


if __name__ == "__main__":
    main()
