"""A network trained over several heads and tested on the one left out, against one of its own.

    python benchmarks/leave_one_head_out.py results/fsaverage results/s1 results/mine

Takes finished studies of several heads (docs/many-heads.md), each with covnet and with leadfields A
and B. For each head: covnet trained on it, as its study has it; sblnet with the weights that come
with the repository, which have seen fsaverage alone; and sblnet trained here, for some CPU seconds,
on windows of all other heads, from nothing or (``--starts``) from the weights that come with the
repository. FractionActive on clean windows of operator A, and of B given A.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import yaml
from any_head import MODELS, SHIPPED
from train_device import ROOT, fraction_active

from multisource.config.study import simulated
from multisource.network.forward_model import read_forward_model
from multisource.network.losses import bce_maps
from multisource.network.prediction import predict
from multisource.network.samples import Windows, windows_of
from multisource.network.sblnet import SHARED, Sblnet, build_network
from multisource.network.weights import begin_with, load_network
from multisource.simulation.samples import Simulator, simulate_samples
from multisource.simulation.study import study_simulator

SPLIT = "robust"
# Who simulates and what the network is given, in turn.
PAIRS = (("fem", "fem"), ("bem", "bem"), ("bem", "fem"), ("fem", "bem"))


class Head(NamedTuple):
    """A finished study of one head."""

    folder: Path
    config: dict[str, Any]

    def simulator(self, split: str, operator: str) -> Simulator:
        """Return what simulates windows of a split."""
        return study_simulator(
            forward=self.folder / "leadfield" / f"{operator}-fwd.fif",
            ar_models=MODELS,
            electrodes=self.folder / "anatomy" / "electrodes.tsv",
            sources=self.folder / "leadfield" / "sources.tsv",
            settings={**simulated(self.config, split), "operator": operator},
            seed=self.config["seed"],
            split=split,
        )

    def network(self, given: str) -> Sblnet:
        """Return sblnet, which knows an operator of this head and has learnt nothing."""
        settings = self.simulator("test", given).settings
        model = read_forward_model(
            self.folder / "leadfield" / f"{given}-fwd.fif",
            MODELS,
            sfreq=settings.sfreq,
            n_times=settings.n_times,
        )
        network = build_network(len(model.gain), settings.n_times, len(model.positions))
        network.prepare(model)
        return network

    def windows(self, operator: str, count: int) -> Windows:
        """Return clean test windows."""
        return windows_of(simulate_samples(self.simulator("test", operator), range(count)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=140, help="CPU seconds of a training")
    parser.add_argument("--windows", type=int, default=200)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--starts", nargs="*", default=["nothing"], choices=["nothing", "shipped"])
    parser.add_argument("--left-out", nargs="*", help="names of heads; default: all")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    heads = [Head(folder, config) for folder in arguments.results]
    print("| left out | network | A | B, given A | trained, CPU s |\n|---|---|---|---|---|")
    for head in heads:
        if arguments.left_out and head.folder.name not in arguments.left_out:
            continue
        tests = [head.windows(operator, arguments.windows) for operator in ("fem", "bem")]
        files = head.folder / "network" / "covnet"
        own, _ = load_network(files / "weights.safetensors", files / "settings.json")
        row(head, "covnet, trained on it", own, tests, 0.0)
        shipped = head.network("fem")
        begin_with(shipped, SHIPPED)
        row(head, "sblnet as it comes", shipped, tests, 0.0)
        others = [one for one in heads if one is not head]
        for start in arguments.starts:
            began = time.process_time()
            trained = train(
                others,
                SHIPPED if start == "shipped" else None,
                arguments.seconds,
                arguments.batch_size,
            )
            spent = time.process_time() - began
            network = head.network("fem")
            for name in SHARED:
                setattr(network, name, getattr(trained, name))
            names = ", ".join(one.folder.name for one in others)
            row(head, f"sblnet from {start}, on {names}", network.eval(), tests, spent)


def row(head: Head, words: str, network: Any, tests: Sequence[Windows], spent: float) -> None:
    """Print what a network finds."""
    found = [
        fraction_active(
            predict(network, test.eeg, device="cpu", threads=1).estimate, test.truth.dense() > 0
        )
        for test in tests
    ]
    values = " | ".join(f"{value:.3f}" for value in found)
    print(f"| {head.folder.name} | {words} | {values} | {spent:.0f} |", flush=True)


def train(heads: Sequence[Head], start: Path | None, seconds: float, batch_size: int) -> Sblnet:
    """Train sblnet on windows of several heads, each window once."""
    torch.manual_seed(1)
    scenes = [(head.network(given), head, seen) for head in heads for seen, given in PAIRS]
    first = scenes[0][0]
    if start is not None:
        begin_with(first, start)
    for network, _, _ in scenes[1:]:
        for name in SHARED:
            setattr(network, name, getattr(first, name))
    learnt = [p for name in SHARED for p in getattr(first, name).parameters()]
    rate = 4e-3 if start is None else 4e-4
    optimizer = torch.optim.AdamW(learnt, lr=rate, weight_decay=1e-2)
    batches = [blocks(head, seen, batch_size) for _, head, seen in scenes]
    began, step, lost = time.process_time(), 0, []
    while (done := (time.process_time() - began) / seconds) < 1:
        turn = step % len(scenes)
        network = scenes[turn][0].train()
        eeg, truth = next(batches[turn])
        for group in optimizer.param_groups:
            rise = min(1.0, (step + 1) / 20)
            group["lr"] = rate * rise * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))
        with torch.no_grad():
            given = network.describe(network.whitened(torch.from_numpy(eeg)))
        loss = bce_maps(network.answer(*given), torch.from_numpy(truth))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        optimizer.step()
        step += 1
        lost.append(float(loss.detach()))
    print(f"<!-- {step * batch_size} windows, loss {np.mean(lost[-20:]):.4f} -->", flush=True)
    return first


def blocks(head: Head, seen: str, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield windows and truth, new ones every time."""
    simulator = head.simulator(SPLIT, seen)
    start = 0
    while True:
        block = simulator.block(range(start, start + size))
        yield block.eeg, block.patches.truth.dense()
        start += size


if __name__ == "__main__":
    main()
