"""What sblnet's shipped weights find on heads and caps: FractionActive beside sLORETA's.

    python benchmarks/any_head.py results/fsaverage --cap elsewhere/results/fsaverage
    python benchmarks/any_head.py mine/results/colin27 --rows A B "A, given B"

Takes the leadfields of the default study, or of a study of another head, which no weight has seen
(its target ``leadfields`` is enough), and of another with a cap of many electrodes and operator B.
Random test windows of the default study's kind, changed as each row says. ``simulates``: the
operator that made the EEG; ``given``: the one that network and sLORETA know. sLORETA has the best
of four regularisations, chosen with the truth.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from train_device import ROOT, fraction_active

from multisource.config.study import simulated
from multisource.leadfield.forward import read_leadfield
from multisource.network.forward_model import read_forward_model
from multisource.network.prediction import predict
from multisource.network.registry import build_network
from multisource.network.samples import windows_of
from multisource.network.weights import begin_with
from multisource.simulation.samples import simulate_samples
from multisource.simulation.study import study_simulator

MODELS = ROOT / "resources" / "ar-models.yaml"
SHIPPED = ROOT / "resources" / "any-head" / "weights.safetensors"
SHARES = (1e-4, 1e-3, 1e-2, 1e-1)


class Row(NamedTuple):
    """A test set."""

    folder: Path
    simulates: str
    given: str
    channels: list[str] | None = None
    changes: dict[str, Any] = {}  # noqa: RUF012


def rows(study: Path, cap: Path | None) -> Iterator[tuple[str, Row]]:
    """Yield the name of each row and what it is."""
    yield "A", Row(study, "fem", "fem")
    yield "B", Row(study, "bem", "bem")
    yield "B, given A", Row(study, "bem", "fem")
    yield "A, given B", Row(study, "fem", "bem")
    for decibels in (20, 10, 5):
        noise = {"noise": {"snr_db": [decibels, decibels]}}
        yield f"A, noise of {decibels} dB", Row(study, "fem", "fem", changes=noise)
    off = {"electrode_error_mm": [5, 5]}
    yield "A, electrodes off by 5 mm", Row(study, "fem", "fem", changes=off)
    for number, settings in (
        (25, {"window_s": 0.1}),
        (100, {"window_s": 0.4}),
        (50, {"sfreq": 500, "window_s": 0.1}),
        (50, {"sfreq": 125, "window_s": 0.4}),
    ):
        name = f"A, {number} samples at {settings.get('sfreq', 250)} Hz"
        yield name, Row(study, "fem", "fem", changes=settings)
    names = {study: channels_of(study)} | ({cap: channels_of(cap)} if cap else {})
    rng = np.random.default_rng(99)
    for folder, count in ((study, 19), (study, 32), (cap, 24), (cap, 48), (cap, 96)):
        if folder is not None:
            chosen = np.sort(rng.permutation(len(names[folder]))[:count])
            channels = [names[folder][i] for i in chosen]
            kind = "fem" if folder == study else "bem"
            name = f"{count} of {len(names[folder])} electrodes, {'A' if kind == 'fem' else 'B'}"
            yield name, Row(folder, kind, kind, channels)


def channels_of(folder: Path) -> list[str]:
    """Return the electrodes of a study."""
    return list(read_leadfield(folder / "leadfield" / "bem-fwd.fif").channels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", type=Path)
    parser.add_argument("--cap", type=Path)
    parser.add_argument("--windows", type=int, default=300)
    parser.add_argument(
        "--rows", nargs="+", help="names of rows, as the table has them; default: all"
    )
    arguments = parser.parse_args()
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    print("| data | sblnet | sLORETA | CPU ms a window |\n|---|---|---|---|")
    chosen = dict(rows(arguments.study, arguments.cap))
    if unknown := set(arguments.rows or ()) - set(chosen):
        parser.error(f"--rows: unknown {sorted(unknown)}; there are {'; '.join(chosen)}")
    for name, row in chosen.items():
        if arguments.rows and name not in arguments.rows:
            continue
        settings = simulated(config, "test")
        noise = settings["noise"] | row.changes.get("noise", {})
        settings |= {**row.changes, "noise": noise, "operator": row.simulates}
        simulator = study_simulator(
            forward=row.folder / "leadfield" / f"{row.simulates}-fwd.fif",
            ar_models=MODELS,
            electrodes=row.folder / "anatomy" / "electrodes.tsv",
            sources=row.folder / "leadfield" / "sources.tsv",
            settings=settings,
            seed=config["seed"],
            split="test",
            channels=row.channels,
        )
        windows = windows_of(simulate_samples(simulator, range(arguments.windows)))
        model = read_forward_model(
            row.folder / "leadfield" / f"{row.given}-fwd.fif",
            MODELS,
            sfreq=simulator.settings.sfreq,
            n_times=simulator.settings.n_times,
            channels=row.channels,
        )
        network = build_network("sblnet", *windows.shape)
        begin_with(network, SHIPPED)
        network.prepare(model)
        active = windows.truth.dense() > 0
        began = time.process_time()
        maps = predict(network, windows.eeg, device="cpu", threads=1).estimate
        spent = 1000 * (time.process_time() - began) / len(maps)
        ours = fraction_active(maps, active)
        best = max(fraction_active(sloreta(model.gain, windows.eeg, s), active) for s in SHARES)
        print(f"| {name} | {ours:.3f} | {best:.3f} | {spent:.0f} |", flush=True)


def sloreta(gain: np.ndarray, eeg: np.ndarray, share: float) -> np.ndarray:
    """Return the maps of sLORETA (Pascual-Marqui 2002)."""
    gain = gain - gain.mean(axis=0)
    gram = gain @ gain.T
    noise = share * np.trace(gram) / len(gram) * np.eye(len(gram))
    kernel = gain.T @ np.linalg.pinv(gram + noise)
    kernel /= np.sqrt((kernel * gain.T).sum(axis=1, keepdims=True))
    kernel = kernel.astype(np.float32)
    return np.stack([((kernel @ window) ** 2).mean(axis=1) for window in eeg])


if __name__ == "__main__":
    main()
