"""Trains sblnet, whose weights know no head and no cap: makes ``weights.safetensors``.

    python resources/any-head/train.py FEM_RESULTS CAP_RESULTS --seconds 240 --out FOLDER

Needs two sets of leadfields, each ``results/<head>`` of ``snakemake leadfields``: the default
study's (operators A and B of 51 electrodes), and operator B of a cap of many electrodes. From them
come scenes: a head model that simulates, a head model that the network is given, and a choice of
electrodes, and the length and rate of the windows. Every batch is of one scene: half of it with the
noise, electrode errors and artefacts of the configuration's split ``robust``, the other half from a
recording with a background of its own (``backgrounds.py``). Meant for a CUDA device beside a dozen
cores, which simulate; there 1,000,000 windows take about five minutes. Trains for a time, not for a number of windows, so
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
from backgrounds import Recording
from safetensors.torch import save_file
from scipy.spatial import cKDTree
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from multisource.anatomy.electrodes import read_electrodes
from multisource.config.study import simulated
from multisource.leadfield.forward import read_leadfield
from multisource.network.forward_model import read_forward_model
from multisource.network.losses import bce_maps
from multisource.network.sblnet import SHARED, build_network
from multisource.simulation.patches import PatchDrawer, Patches
from multisource.simulation.samples import Simulator
from multisource.simulation.study import study_simulator

ROOT = Path(__file__).parents[2]
SPLIT = "robust"
# Of the scenes with A and B: who simulates and what the network is given. Of those with the cap of
# many: the numbers of electrodes.
PAIRS = [("fem", "fem")] * 3 + [("bem", "bem")] * 2 + [("fem", "bem")] * 3 + [("bem", "fem")] * 2
FEWER = [("fem", "fem", 19), ("fem", "fem", 28), ("fem", "bem", 32), ("fem", "fem", 40)]
CAPS = (19, 24, 32, 40, 50, 60, 64, 64, 80, 100, 128)
STAY = 4  # batches of a recording
# Samples of a window and their rate, of the scenes with A and B; half of them are the study's.
WINDOWS = [(50, 250), (50, 250), (25, 250), (50, 250), (100, 250), (50, 250)]
WINDOWS += [(50, 500), (50, 250), (50, 125), (50, 250), (50, 1000), (50, 250), (50, 2000)]
CLOSE_MM = (15.0, 55.0)
CLOSE = 0.3  # share of the windows with several patches whose first two are as near as that


class Scene:
    """A simulator, and the network's view of the same electrodes."""

    def __init__(
        self,
        config: dict[str, Any],
        study: Path,
        seen: str,
        given: str,
        channels: list[str],
        window: tuple[int, float],
    ) -> None:
        n_times, sfreq = window
        settings = simulated(config, SPLIT) | {"sfreq": sfreq, "window_s": n_times / sfreq}
        files = study / "leadfield"
        operator = read_leadfield(files / f"{seen}-fwd.fif").of_channels(channels)
        placed = read_electrodes(study / "anatomy" / "electrodes.tsv").chosen(channels)
        self.gain, self.positions = operator.fixed, operator.positions
        self.electrodes = placed.positions
        self.simulator: Simulator = study_simulator(
            forward=files / f"{seen}-fwd.fif",
            ar_models=ROOT / "resources" / "ar-models.yaml",
            electrodes=study / "anatomy" / "electrodes.tsv",
            sources=study / "leadfield" / "sources.tsv",
            settings={**settings, "operator": seen},
            seed=config["seed"],
            split=SPLIT,
            channels=channels,
        )
        self.simulator.drawer = OftenClose(self.simulator.drawer, self.positions)
        model = read_forward_model(
            files / f"{given}-fwd.fif",
            ROOT / "resources" / "ar-models.yaml",
            sfreq=sfreq,
            n_times=n_times,
            channels=channels,
        )
        self.network = build_network(len(channels), n_times, len(model.positions))
        self.network.prepare(model)

    def recording(self, rng: np.random.Generator) -> Recording:
        """Return a recording with a background of its own."""
        return Recording(
            self.simulator, self.gain, self.positions, self.electrodes, self.network, rng
        )


class OftenClose(PatchDrawer):
    """Draws patches that are near to each other more often than by chance."""

    def __init__(self, drawer: PatchDrawer, positions: np.ndarray) -> None:
        self.__dict__.update(drawer.__dict__)
        self._tree, self._positions = cKDTree(positions), positions

    def draw(
        self, uniforms: np.ndarray, *, n_patches: tuple[int, int], extent_mm: tuple[float, float]
    ) -> Patches:
        drawn = super().draw(uniforms, n_patches=n_patches, extent_mm=extent_mm)
        centres = drawn.truth.centre.copy()
        if centres.shape[1] < 2 or n_patches[1] > 3:
            return drawn
        more = np.modf(uniforms[:, :2] * 4096)[0]  # digits that nothing else has used
        for s in np.flatnonzero((centres[:, 1] >= 0) & (more[:, 0] < CLOSE)):
            near = self._tree.query_ball_point(self._positions[centres[s, 0]], CLOSE_MM[1])
            away = np.linalg.norm(self._positions[near] - self._positions[centres[s, 0]], axis=1)
            near = np.intersect1d(np.array(near)[away > CLOSE_MM[0]], self._allowed)
            if len(near):
                centres[s, 1] = near[int(more[s, 1] * len(near))]
        return self.fill(centres, drawn.extents_mm)


class Scenes(IterableDataset):
    """Batches of the scenes in turn, (number, what the layers are given, truth), without end.

    Half of each batch is as the split says; the other half comes from a recording with a background
    of its own, which stays for some batches.
    """

    def __init__(self, scenes: list[Scene], batch_size: int) -> None:
        self.scenes, self.batch_size = scenes, batch_size

    def __iter__(self) -> Iterator[tuple[int, tuple[torch.Tensor, ...], torch.Tensor]]:
        torch.set_num_threads(1)
        worker = get_worker_info()
        batch, step = (0, 1) if worker is None else (worker.id, worker.num_workers)
        rng = np.random.default_rng([3, batch])
        order = rng.permutation(len(self.scenes))
        turn = 0
        while True:
            scene = self.scenes[number := int(order[turn % len(order)])]
            turn += 1
            recording = scene.recording(rng)
            for _ in range(STAY):
                given, truth = [], []
                first = batch * self.batch_size
                for start in range(first, first + self.batch_size, 32):
                    if (start - first) // 32 % 2:
                        eeg, patches = recording.windows(start)
                        given.append(recording.whitened(torch.from_numpy(eeg)))
                    else:
                        block = scene.simulator.block(range(start, start + 32))
                        patches = block.patches
                        given.append(scene.network.whitened(torch.from_numpy(block.eeg)))
                    truth.append(patches.truth.dense())
                parts = tuple(torch.cat(each) for each in zip(*given, strict=True))
                yield number, parts, torch.from_numpy(np.concatenate(truth))
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
    scenes[0].recording(np.random.default_rng(1))  # compiled once, not in every process
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
    for place, turn in enumerate(order):
        folder, seen, given, number = scenes[turn]
        channels = names[folder]
        if number is not None:
            chosen = np.sort(rng.permutation(len(channels))[:number])
            channels = [channels[i] for i in chosen]
        window = WINDOWS[place % len(WINDOWS)] if number is None else WINDOWS[0]
        made.append(Scene(config, folder, seen, given, channels, window))
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
