"""The study's networks trained on the processor and on a CUDA device: seconds, and do they agree.

    python benchmarks/train_device.py results/fsaverage --devices cpu cuda

Takes the leadfields of a finished study (or of ``snakemake leadfields``), simulates the windows of
its configuration, trains each network on each device as the workflow does, and on the last device a
second time from the same seed. Prints for every training its wall seconds and the mean
FractionActive of the random test set (1000 clean windows from operator A); then how far the maps of
the network trained on the first device differ between the devices, how the maps of both trainings
correlate, and whether the last device gives the same weights twice.
"""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from multisource.config.study import simulated, split_of
from multisource.leadfield.forward import read_leadfield
from multisource.network.devices import resolve_device
from multisource.network.forward_model import read_forward_model
from multisource.network.options import TrainingOptions
from multisource.network.prediction import predict
from multisource.network.registry import build_network, split_settings
from multisource.network.samples import Windows, windows_of
from multisource.network.training import train
from multisource.simulation.samples import Simulator, simulate_samples
from multisource.simulation.study import study_simulator

ROOT = Path(__file__).parents[1]
OWN = ("train", "validation")  # settings of a network that are not for its training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--config", type=Path, default=ROOT / "config" / "config.yaml")
    parser.add_argument("--networks", nargs="*", default=["covnet", "convnet"])
    parser.add_argument("--devices", nargs="+", default=["cpu", "cuda"])
    parser.add_argument("--epochs", type=int, help="instead of the configuration's")
    parser.add_argument("--workers", type=int, default=0, help="processes that simulate")
    arguments = parser.parse_args()
    config = yaml.safe_load(arguments.config.read_text())
    print(f"torch {torch.__version__}, {platform.processor() or platform.machine()}")
    if torch.cuda.is_available():
        print(torch.cuda.get_device_name())
    study = Study(arguments.results, config)
    test = study.windows("test")
    active = test.truth.dense() > 0
    first, last = arguments.devices[0], arguments.devices[-1]
    trained = {}
    for turn, device in enumerate([*arguments.devices, last]):
        for name in arguments.networks:
            network, seconds = study.train(
                name, device=device, epochs=arguments.epochs, workers=arguments.workers
            )
            found = fraction_active(predict(network, test.eeg, device="cpu").estimate, active)
            print(f"{name} on {device}: {seconds:.1f} s, FractionActive {found:.4f}", flush=True)
            if turn == len(arguments.devices):
                count = differing(trained[name, device], network)
                print(f"{name} on {device} twice: {count} weights differ", flush=True)
            trained[name, device] = network
    for name in arguments.networks:
        agree(name, trained[name, last], test.eeg, last)
        if first != last:
            pair = [
                predict(trained[name, d], test.eeg, device="cpu").estimate for d in (first, last)
            ]
            alike = [np.corrcoef(a, b)[0, 1] for a, b in zip(*pair, strict=True)]
            print(f"{name} trained on either: maps correlate by {np.median(alike):.3f} (median)")


class Study:
    """What a study's networks are trained with, from its leadfields and its configuration."""

    def __init__(self, results: Path, config: dict[str, Any]) -> None:
        self.config = config
        self.files = {
            "forward": str(results / "leadfield" / "fem-fwd.fif"),
            "ar_models": str(ROOT / "resources" / "ar-models.yaml"),
        }
        self.more = {
            "electrodes": str(results / "anatomy" / "electrodes.tsv"),
            "sources": str(results / "leadfield" / "sources.tsv"),
        }
        self.made: dict[str, Windows] = {}
        self.channels = list(read_leadfield(self.files["forward"]).channels)

    def simulator(self, split: str) -> Simulator:
        """Return the simulator of a split."""
        settings = simulated(self.config, split)
        seed = self.config["seed"]
        return study_simulator(**self.files, **self.more, settings=settings, seed=seed, split=split)

    def windows(self, split: str) -> Windows:
        """Return the samples of a split."""
        if split not in self.made:
            count = self.config["simulation"]["splits"][split]["samples"]
            self.made[split] = windows_of(simulate_samples(self.simulator(split), range(count)))
        return self.made[split]

    def train(
        self, name: str, *, device: str, epochs: int | None, workers: int
    ) -> tuple[torch.nn.Module, float]:
        """Return a trained network and the wall seconds of its training."""
        settings = dict(self.config["network"]["settings"][name])
        split, held = (split_of(self.config, name, purpose) for purpose in OWN)
        architecture, build, recipe = split_settings(
            {key: value for key, value in settings.items() if key not in OWN}
        )
        recipe |= {"epochs": epochs} if epochs else {}
        training, validation = self.windows(split), self.windows(held)
        sampling = {
            "sfreq": self.config["simulation"]["sfreq"],
            "n_times": training.eeg.shape[2],
        }
        model = read_forward_model(**self.files, **sampling)
        seed = self.config["seed"]
        network = build_network(architecture, *training.shape, seed=seed, **build)
        resolve_device(device)
        began = time.perf_counter()
        result = train(
            network,
            training,
            validation,
            TrainingOptions(**recipe),
            simulator=self.simulator(split) if recipe.get("fresh") else None,
            model=model,
            seed=seed,
            device=device,
            workers=workers,
        )
        return result.network, time.perf_counter() - began


def fraction_active(estimate: np.ndarray, active: np.ndarray) -> float:
    """Return the mean share of the n largest values that belong to the n active dipoles."""
    order = np.argsort(-estimate, axis=1)
    ranked = np.take_along_axis(active, order, axis=1)
    count = active.sum(axis=1)
    return float(np.mean([row[:n].mean() for row, n in zip(ranked, count, strict=True) if n]))


def differing(one: torch.nn.Module, other: torch.nn.Module) -> int:
    """Return how many weights of two networks are not equal to the bit."""
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return sum(int((a.cpu() != b.cpu()).sum()) for a, b in pairs)


def agree(name: str, network: torch.nn.Module, eeg: np.ndarray, device: str) -> None:
    """Print how much the maps of one network differ between the processor and a device."""
    here, there = (predict(network, eeg, device=place).estimate for place in ("cpu", device))
    apart = np.abs(here - there)
    print(
        f"{name}, maps of cpu and {device}: largest difference {apart.max():.1e}, "
        f"mean {apart.mean():.1e}"
    )


if __name__ == "__main__":
    main()
