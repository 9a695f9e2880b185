"""What the patch posterior finds in windows of a finished study, and its CPU seconds a window.

    python benchmarks/posterior.py results/fsaverage --budget 750 700 --proposal none covnet

One row for each budget and proposal: a network of the study, whose maps say where to look first, or
none. By default one chain with the leadfield that made the windows, known to be right, and nothing
that disturbs. ``--snr-db`` adds white noise, whose level the solver is not told. ``--before`` names
the folder ``src`` of another version of this code, which is run in turn with this one, without
proposal, ``--turns`` times: the speed of a machine may change from minute to minute.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from multisource.anatomy.source_table import read_source_table
from multisource.evaluation.estimates import read_estimates
from multisource.evaluation.metrics import evaluate
from multisource.inverse.contract import Study
from multisource.inverse.io import read_forward
from multisource.inverse.registry import estimates
from multisource.simulation.chunks import read_eeg, read_truth
from multisource.simulation.settings import Settings

NONE = "none"
OPTIONS = {"chains": 1, "mismatch": False, "disturbances": False}
SHOWN = ("fraction_active", "auc_average", "dr_least")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--budget", type=int, nargs="+", default=[750])
    parser.add_argument("--proposal", nargs="+", default=[NONE])
    parser.add_argument("--split", default="test")
    parser.add_argument("--windows", type=int, default=200)
    parser.add_argument("--operator", default="fem")
    parser.add_argument("--snr-db", type=float)
    parser.add_argument("--ar-models", default="resources/ar-models.yaml")
    parser.add_argument("--options", type=json.loads, default=OPTIONS, help="as JSON")
    parser.add_argument("--before")
    parser.add_argument("--turns", type=int, default=1)
    arguments = parser.parse_args()
    names = "".join(f"{name:>18s}" for name in SHOWN)
    print(f"{'':8s}{'budget':>7s}{'proposal':>10s}{names}{'(mean)':>8s}{'CPU s':>8s}", flush=True)
    for _ in range(arguments.turns):
        if arguments.before:
            in_another(arguments.before)
        for budget in arguments.budget:
            for proposal in arguments.proposal:
                row(arguments, budget, proposal)


def in_another(source: str) -> None:
    """Run the first row with another version of the package, in a process of its own."""
    given = sys.argv[1:]
    for option in ("--before", "--turns", "--proposal"):
        while option in given:
            first = given.index(option)
            last = first + 1
            while last < len(given) and not given[last].startswith("--"):
                last += 1
            del given[first:last]
    command = [sys.executable, __file__, *given]
    run = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": source}, capture_output=True, text=True, check=True
    )
    for line in run.stdout.splitlines()[1:]:
        print(f"{'before':8s}{line.removeprefix(' ' * 8)}", flush=True)


def row(arguments: argparse.Namespace, budget: int, proposal: str) -> None:
    """Solve the windows, once compiled, and print what was found."""
    folder, split, count = arguments.results, arguments.split, arguments.windows
    chunks = sorted((folder / "simulation" / split).glob("chunk-*.nc"))
    windows, truth = read_eeg(chunks), read_truth(chunks)
    eeg = np.asarray(windows.eeg[:count], float)
    if arguments.snr_db is not None:
        power = (eeg**2).mean(axis=(1, 2), keepdims=True) / 10 ** (arguments.snr_db / 10)
        eeg = eeg + np.sqrt(power) * np.random.default_rng(0).standard_normal(eeg.shape)
        eeg -= eeg.mean(axis=1, keepdims=True)
    table = folder / "leadfield/sources.tsv"
    given: dict[str, Any] = {
        "forward": read_forward(folder / f"leadfield/{arguments.operator}-fwd.fif"),
        "sfreq": windows.sfreq,
        "study": Study(asdict(Settings()), arguments.ar_models, str(table), 2025),
        "operator": arguments.operator,
        "windows": None,
        **arguments.options,
    }
    maps = {}
    if proposal != NONE:
        maps["proposal"] = read_estimates(folder / f"estimates/{split}/{proposal}.nc")[:count]
    estimates("patch_posterior", eeg=eeg[:1], budget=64, **given)
    start = time.process_time()
    found = estimates("patch_posterior", eeg=eeg, budget=budget, **given, **maps)
    seconds = (time.process_time() - start) / len(eeg)
    metrics = evaluate(
        found.maps,
        truth.first(len(eeg)),
        read_source_table(table).positions,
        coefficients=found.coefficients,
    )
    values = "".join(f"{metrics[name].median():18.4f}" for name in SHOWN)
    mean = metrics["fraction_active"].mean()
    print(f"{'':8s}{budget:7d}{proposal:>10s}{values}{mean:8.4f}{seconds:8.4f}", flush=True)


if __name__ == "__main__":
    main()
