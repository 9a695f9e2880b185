"""Training: Adam, weight decay, step size reduced on validation plateaus (paper, II-C)."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from multisource.errors import UserError, refuse
from multisource.network.augmentation import augmented_batch
from multisource.network.calibrate import Recalibrated, Recalibration, calibrate
from multisource.network.checkpoint import State, load_checkpoint, save_checkpoint
from multisource.network.devices import keep_memory, reproducible, resolve_device
from multisource.network.front import Front, Given, answer, front_of
from multisource.network.losses import loss_function
from multisource.network.options import TrainingOptions, batch_count, sample_mistakes
from multisource.network.samples import Windows
from multisource.network.schedule import make_scheduler, step, step_batch
from multisource.network.smooth_output import SmoothOutput
from multisource.network.standardise import Standardise
from multisource.network.stream import fresh_batches
from multisource.network.validation import evaluate, prepared
from multisource.network.weights import begin_with
from multisource.progress import progress
from multisource.provenance import code_version

if TYPE_CHECKING:
    from tqdm import tqdm

    from multisource.network.contract import ForwardModel
    from multisource.simulation.samples import Simulator

logger = logging.getLogger(__name__)

# A checkpoint costs some tenths of a second; losing half a minute of work is bearable.
CHECKPOINT_SECONDS = 30.0

LAYOUT = "{percentage:3.0f}%|{bar:30}| epoch {n:.1f} of {total} [{elapsed}<{remaining}{postfix}]"


@dataclass(frozen=True)
class Training:
    """Result of :func:`train`.

    Attributes
    ----------
    network : torch.nn.Module
        The best network, in evaluation mode.
    history : pandas.DataFrame
        One row per epoch: epoch, loss (name), train_loss, validation_loss,
        validation_fraction_active (mean over windows), learning_rate, seconds (wall, cumulative).
    recalibration : Recalibration or None
        What was fitted on the validation windows and folded into the weights after the last epoch,
        of a network that tells P(active).
    """

    network: nn.Module
    history: pd.DataFrame
    recalibration: Recalibration | None = None


def train(
    network: nn.Module,
    training: Windows,
    validation: Windows,
    options: TrainingOptions | None = None,
    *,
    simulator: Simulator | None = None,
    model: ForwardModel | None = None,
    seed: int = 0,
    device: str = "auto",
    threads: int = 1,
    workers: int = 0,
    checkpoint: str | Path | None = None,
    start: str | Path | None = None,
) -> Training:
    """Train a network and keep its state at the smallest validation loss.

    On the processor the same seed and number of threads give the same weights, interrupted or not;
    on a CUDA device they agree to rounding at each step.

    Parameters
    ----------
    network : torch.nn.Module
        Maps EEG (B, E, T) in V to logits (B, N) or (B, 2, N); changed in place.
    training, validation : Windows
        Samples to learn from, and to steer step size and choice of weights by.
    options : TrainingOptions, optional
        How; the defaults of :class:`~multisource.network.options.TrainingOptions`.
    simulator : Simulator, optional
        What draws the samples if they are ``fresh``.
    model : ForwardModel, optional
        What a network with a method ``prepare`` is given; ``smooth_mm`` needs its positions.
    seed : int, optional
        Seed of order, flips and dropout.
    device : str, optional
        ``auto``, ``cpu``, ``cuda`` or ``cuda:<number>``.
    threads : int, optional
        Threads on the processor. Two take nearly half as much processor time again, which another
        network, or the simulation of fresh samples, makes better use of.
    workers : int, optional
        Processes that simulate fresh samples for a CUDA device, which learns faster than the one
        thread that simulates for a network on the processor. The samples are the same.
    checkpoint : str or Path, optional
        File that keeps the state of an unfinished training. One written for the same data, options
        and code is continued; any other is replaced.
    start : str or Path, optional
        Weights to begin with, where the options name some.

    Returns
    -------
    Training
        The network and its history.

    Raises
    ------
    UserError
        For a value out of range, samples that do not fit each other, or a training that diverges.
    """
    options = options or TrainingOptions()
    _check(training, validation, options)
    if options.fresh and simulator is None:
        raise UserError("fresh: true; needs the simulator that draws the samples")
    if options.smooth_mm and model is None:
        raise UserError(f"smooth_mm: {options.smooth_mm}; needs the forward model's positions")
    if options.start and start is None:
        raise UserError(f"start: {options.start}; needs the file")
    place = resolve_device(device)
    keep_memory()
    with reproducible(seed, threads=threads):
        if hasattr(network, "prepare") and model is not None:
            cast(Any, network).prepare(model)
        if hasattr(network, "standardise"):
            cast(Standardise, network.standardise).fit(training.eeg)
        if start is not None:
            begin_with(network, start)
        if options.smooth_mm and model is not None:
            plain = cast(nn.Linear, network.output)
            network.output = SmoothOutput(plain, model.positions, options.smooth_mm)
        # A block of samples tells simulators apart: their numbers follow from all it is made of.
        data = [training.fingerprint(), validation.fingerprint()]
        if options.fresh and simulator is not None:
            data.append(simulator.block(range(simulator.block_size)).eeg.tobytes().hex())
        if options.smooth_mm and model is not None:
            data.append(np.asarray(model.positions, float).tobytes().hex())
        mark = _fingerprint(network, data, options, seed, place)
        front = front_of(network, place)
        held = prepared(front, validation)
        network.to(place)
        if options.epochs == 0:
            history = _as_it_is(network, validation, held, options)
            network.cpu().eval()
            return Training(network, history, _recalibrated(network, validation))
        count = batch_count(len(training), options.batch_size)
        state = _fresh_state(network, options, count)
        if checkpoint is not None and load_checkpoint(checkpoint, state, fingerprint=mark):
            logger.info("going on after epoch %d of %d", len(state.history), options.epochs)
        began = time.monotonic() - (state.history[-1]["seconds"] if state.history else 0.0)
        saved = time.monotonic()
        done = len(state.history)
        fresh = None
        if options.fresh and simulator is not None:
            # One stream, which every epoch goes on with.
            fresh = fresh_batches(
                simulator,
                batch_size=options.batch_size,
                start=done * count * options.batch_size,
                workers=workers if place.type == "cuda" else 0,
                front=front,
            )
        with progress("training", total=options.epochs, initial=done, layout=LAYOUT) as bar:
            for epoch in range(done + 1, options.epochs + 1):
                if _finished(state, options):
                    break
                if epoch == options.warmup_epochs + 1 and options.warmup_epochs:
                    state = _fresh_state(network, options, count, history=state.history)
                # Everything random in an epoch follows from (seed, epoch): resuming needs no state.
                rng = np.random.default_rng([seed, epoch])
                torch.manual_seed(int(rng.integers(2**63)))
                batches = (
                    _stored_batches(training, rng, count, options, front)
                    if fresh is None
                    else islice(fresh, count)
                )
                row = _epoch(state, batches, count, (validation, held), epoch, options, bar)
                row["seconds"] = round(time.monotonic() - began, 2)
                state.history.append(row)
                if checkpoint is not None and time.monotonic() - saved > CHECKPOINT_SECONDS:
                    save_checkpoint(checkpoint, state, fingerprint=mark)
                    saved = time.monotonic()
        network.load_state_dict(state.best)
        if options.smooth_mm:
            network.output = cast(SmoothOutput, network.output).folded()
        network.cpu().eval()
        return Training(network, pd.DataFrame(state.history), _recalibrated(network, validation))


def _recalibrated(network: nn.Module, validation: Windows) -> Recalibration | None:
    return calibrate(network, validation) if isinstance(network, Recalibrated) else None


def _as_it_is(
    network: nn.Module, validation: Windows, held: list[Given], options: TrainingOptions
) -> pd.DataFrame:
    """The history of a network that is not trained: its loss, as of epoch 0."""
    loss, fraction = evaluate(network, validation, options.loss, held)
    names = ["epoch", "loss", "train_loss", "validation_loss", "validation_fraction_active"]
    row = dict(zip(names, (0, options.loss, math.nan, loss, fraction), strict=True))
    return pd.DataFrame([row | {"learning_rate": 0.0, "seconds": 0.0}])


def _stored_batches(
    training: Windows,
    rng: np.random.Generator,
    count: int,
    options: TrainingOptions,
    front: Front,
) -> Iterator[tuple[Given, Tensor]]:
    """All samples once, in random order."""
    for rows in np.array_split(rng.permutation(len(training)), count):
        eeg, truth = augmented_batch(
            training,
            np.sort(rows),
            rng,
            sign_flip=options.sign_flip,
            time_reversal=options.time_reversal,
            superpose=options.superpose,
        )
        yield front(eeg), truth


def _epoch(
    state: State,
    batches: Iterator[tuple[Given, Tensor]],
    count: int,
    validation: tuple[Windows, list[Given]],
    epoch: int,
    options: TrainingOptions,
    bar: tqdm[Any],
) -> dict[str, Any]:
    """Take a step for each of ``count`` batches, validate, and step the schedule."""
    name = options.warmup_loss if epoch <= options.warmup_epochs else options.loss
    criterion = loss_function(name)
    network = state.network.train()
    place = next(network.parameters()).device
    rate = state.optimizer.param_groups[0]["lr"]
    total, samples, start = 0.0, 0, bar.n
    for number, (given, truth) in enumerate(batches, 1):
        value = criterion(answer(network, given), truth.to(place))
        state.optimizer.zero_grad()
        value.backward()
        state.optimizer.step()
        step_batch(state.scheduler)
        total += float(value.detach()) * len(truth)
        samples += len(truth)
        bar.update(start + number / count - bar.n)
    train_loss = total / samples
    validation_loss, fraction = evaluate(network, validation[0], name, validation[1])
    if not math.isfinite(train_loss + validation_loss):
        raise UserError(
            f"learning_rate: {options.learning_rate}: the loss is not finite after epoch "
            f"{epoch}; choose a smaller one"
        )
    step(state.scheduler, validation_loss)
    if validation_loss < state.best_loss:
        state.best_loss = validation_loss
        state.best = {key: t.detach().clone() for key, t in network.state_dict().items()}
    bar.set_postfix(
        {name: f"{validation_loss:.4f}", "fraction_active": f"{fraction:.3f}"}, refresh=False
    )
    return {
        "epoch": epoch,
        "loss": name,
        "train_loss": train_loss,
        "validation_loss": validation_loss,
        "validation_fraction_active": fraction,
        "learning_rate": rate,
    }


def _fresh_state(
    network: nn.Module,
    options: TrainingOptions,
    batches: int,
    *,
    history: list[dict[str, Any]] | None = None,
) -> State:
    optimizer = torch.optim.AdamW(
        network.parameters(),
        lr=options.learning_rate,
        weight_decay=options.weight_decay,
        fused=True,
    )
    done = len(history or [])
    last = options.epochs if done else options.warmup_epochs or options.epochs
    scheduler = make_scheduler(optimizer, options, last - done, batches)
    return State(network, optimizer, scheduler, history=history or [])


def _finished(state: State, options: TrainingOptions) -> bool:
    if options.schedule == "one_cycle":
        return False
    rate = state.optimizer.param_groups[0]["lr"]
    return rate < options.minimum_learning_rate and (len(state.history) > options.warmup_epochs)


def _fingerprint(
    network: nn.Module,
    data: list[str],
    options: TrainingOptions,
    seed: int,
    device: torch.device,
) -> str:
    """Name everything the result follows from, the random start of the network included."""
    digest = hashlib.blake2b(digest_size=16)
    module = type(network).__module__
    code = [__name__, module] if module.startswith("multisource.") else [__name__]
    parts = {
        "options": asdict(options),
        "seed": seed,
        "device": device.type,
        "code": code_version(*code),
        "data": data,
    }
    digest.update(json.dumps(parts, sort_keys=True).encode())
    for name, value in network.state_dict().items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(value.cpu().numpy()).data)
    return digest.hexdigest()


def _check(training: Windows, validation: Windows, options: TrainingOptions) -> None:
    for name in (options.loss, options.warmup_loss):
        loss_function(name)
    refuse(sample_mistakes(len(training), batch_size=options.batch_size, fresh=options.fresh))
    if training.shape != validation.shape:
        raise UserError(
            f"validation: {validation.shape} channels, times, dipoles; training has "
            f"{training.shape}"
        )
