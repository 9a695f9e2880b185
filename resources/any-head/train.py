"""Trains sblnet, whose weights know no head and no cap: makes ``weights.safetensors``.

    python resources/any-head/train.py FEM_RESULTS CAP_RESULTS --seconds 240 --out FOLDER

Needs two sets of leadfields, each ``results/<head>`` of ``snakemake leadfields``: the default
study's (operators A and B of 51 electrodes), and operator B of a cap of many electrodes. From them
come scenes: a head model that simulates, a head model that the network is given, and a choice of
electrodes. Every batch is of one scene, with the noise, electrode errors and artefacts of the
configuration's split ``robust``. Meant for a CUDA device beside a dozen cores, which simulate;
there 1,000,000 windows take about four minutes. Trains for a time, not for a number of windows, so
that two runs are alike but not equal.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from safetensors.torch import save_file
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from multisource.config.study import simulated
from multisource.leadfield.forward import read_leadfield
from multisource.network.forward_model import read_forward_model
from multisource.network.losses import bce_maps
from multisource.network.sblnet import SHARED, build_network
from multisource.simulation.samples import Simulator
from multisource.simulation.study import study_simulator

ROOT = Path(__file__).parents[2]
SPLIT = "robust"
# Of the scenes with A and B: who simulates and what the network is given. Of those with the cap of
# many: the numbers of electrodes.
PAIRS = [("fem", "fem")] * 3 + [("bem", "bem")] * 2 + [("fem", "bem")] * 3 + [("bem", "fem")] * 2
FEWER = [("fem", "fem", 19), ("fem", "fem", 28), ("fem", "bem", 32), ("fem", "fem", 40)]
CAPS = (19, 24, 32, 40, 50, 60, 64, 64, 80, 100)


class Scene:
    """A simulator, and the network's view of the same electrodes."""

    def __init__(
        self, config: dict[str, Any], study: Path, seen: str, given: str, channels: list[str]
    ) -> None:
        settings = simulated(config, SPLIT)
        self.simulator: Simulator = study_simulator(
            forward=study / "leadfield" / f"{seen}-fwd.fif",
            ar_models=ROOT / "resources" / "ar-models.yaml",
            electrodes=study / "anatomy" / "electrodes.tsv",
            sources=study / "leadfield" / "sources.tsv",
            settings={**settings, "operator": seen},
            seed=config["seed"],
            split=SPLIT,
            channels=channels,
        )
        model = read_forward_model(
            study / "leadfield" / f"{given}-fwd.fif",
            ROOT / "resources" / "ar-models.yaml",
            sfreq=settings["sfreq"],
            n_times=self.simulator.settings.n_times,
            channels=channels,
        )
        self.network = build_network(
            len(channels), self.simulator.settings.n_times, len(model.positions)
        )
        self.network.prepare(model)


class Scenes(IterableDataset):
    """Batches of the scenes in turn, (number, what the layers are given, truth), without end."""

    def __init__(self, scenes: list[Scene], batch_size: int) -> None:
        self.scenes, self.batch_size = scenes, batch_size

    def __iter__(self) -> Iterator[tuple[int, tuple[torch.Tensor, ...], torch.Tensor]]:
        worker = get_worker_info()
        batch, step = (0, 1) if worker is None else (worker.id, worker.num_workers)
        while True:
            number = batch % len(self.scenes)
            scene = self.scenes[number]
            first = batch * self.batch_size
            eeg, truth = [], []
            for start in range(first, first + self.batch_size, 32):
                block = scene.simulator.block(range(start, start + 32))
                eeg.append(block.eeg)
                truth.append(block.patches.truth.dense())
            windows = torch.from_numpy(np.concatenate(eeg))
            given = scene.network.describe(scene.network.whitened(windows))
            yield number, given, torch.from_numpy(np.concatenate(truth))
            batch += step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", type=Path)
    parser.add_argument("cap", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--workers", type=int, default=14)
    parser.add_argument("--learning-rate", type=float, default=4e-3)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--scenes", type=int, help="fewer, to try")
    arguments = parser.parse_args()
    torch.manual_seed(1)
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    scenes = make_scenes(config, arguments.study, arguments.cap, arguments.scenes)
    place = torch.device(arguments.device)
    loader = iter(
        DataLoader(
            Scenes(scenes, arguments.batch_size),
            batch_size=None,
            num_workers=arguments.workers,
            prefetch_factor=4 if arguments.workers else None,
            multiprocessing_context="fork" if arguments.workers else None,
        )
    )
    next(loader)  # the processes are there before the device is
    networks = [scene.network.to(place).train() for scene in scenes]
    for network in networks[1:]:
        for name in SHARED:
            setattr(network, name, getattr(networks[0], name))
    network = networks[0]
    learnt = [p for name in SHARED for p in getattr(network, name).parameters()]
    optimizer = torch.optim.AdamW(learnt, lr=arguments.learning_rate, weight_decay=1e-2)
    torch.backends.cuda.matmul.allow_tf32 = True
    began = time.monotonic()
    step, lost, said = 0, [], 0.0
    while (done := (time.monotonic() - began) / arguments.seconds) < 1:
        number, given, truth = next(loader)
        rise = min(1.0, (step + 1) / 200)
        for group in optimizer.param_groups:
            fall = 0.5 * (1 + math.cos(math.pi * done))
            group["lr"] = arguments.learning_rate * rise * (0.01 + 0.99 * fall)
        logits = networks[number].answer(*(part.to(place) for part in given))
        loss = bce_maps(logits, truth.to(place))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        optimizer.step()
        step += 1
        if step % 20 == 0:
            lost.append(float(loss.detach()))
        if done > said:
            windows = step * arguments.batch_size
            print(f"{done:.0%}: {windows} windows, loss {np.mean(lost[-20:]):.4f}", flush=True)
            said += 0.1
            save(arguments.out, network, windows, float(np.mean(lost[-20:])))
    save(arguments.out, network, step * arguments.batch_size, float(np.mean(lost[-50:])))


def make_scenes(config: dict[str, Any], study: Path, cap: Path, count: int | None) -> list[Scene]:
    """Return the scenes; electrodes are chosen at random."""
    rng = np.random.default_rng(7)
    scenes = [(study, *pair, None) for pair in PAIRS] + [(study, *each) for each in FEWER]
    scenes += [(cap, "bem", "bem", number) for number in CAPS]
    names = {
        folder: list(read_leadfield(folder / "leadfield" / "bem-fwd.fif").channels)
        for folder in (study, cap)
    }
    order = rng.permutation(len(scenes))[:count]
    made = []
    for turn in order:
        folder, seen, given, number = scenes[turn]
        channels = names[folder]
        if number is not None:
            chosen = np.sort(rng.permutation(len(channels))[:number])
            channels = [channels[i] for i in chosen]
        made.append(Scene(config, folder, seen, given, channels))
    return made


def save(folder: Path, network: torch.nn.Module, windows: int, loss: float) -> None:
    """Write the weights that all heads share, and what they were made of."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        name: value.detach().cpu().contiguous()
        for name, value in network.state_dict().items()
        if name.split(".")[0] in SHARED
    }
    save_file(state, folder / "weights.safetensors")
    described = {"windows": windows, "loss": loss, "width": network.last.in_features}
    (folder / "made.json").write_text(json.dumps(described, indent=2) + "\n")


if __name__ == "__main__":
    main()
