"""Endless fresh samples for training, as a PyTorch dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from multisource.errors import UserError
from multisource.network.front import Front, Given
from multisource.simulation.samples import Simulator

T = TypeVar("T")

# Batches that each process makes before they are asked for.
PREFETCHED = 4


def fresh_batches(
    simulator: Simulator,
    *,
    batch_size: int,
    start: int = 0,
    workers: int = 0,
    front: Front | None = None,
) -> Iterator[tuple[Given, torch.Tensor]]:
    """Yield the batches of a :class:`SampleStream`, made while a network learns from earlier ones.

    They are the same whoever makes them.

    Parameters
    ----------
    simulator : Simulator
        What draws the samples.
    batch_size : int
        B.
    start : int, optional
        First sample.
    workers : int, optional
        Processes that make them; below 2 one thread does.
    front : callable, optional
        What makes of EEG (B, E, T), V, the tensors that a network's layers are given; by default
        they are given the EEG.

    Yields
    ------
    given : tuple of Tensor
        What the layers are given.
    truth : Tensor of shape (B, N)
        The coefficients.
    """
    stream = SampleStream(simulator, batch_size=batch_size, start=start, front=front)
    if workers < 2:
        yield from ahead(stream)
    else:
        # Forked, so that none of them compiles or reads anything; none of them touches the device.
        yield from DataLoader(
            stream,
            batch_size=None,
            num_workers=workers,
            prefetch_factor=PREFETCHED,
            multiprocessing_context="fork",
        )


def ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield items, the next of which is made in another thread meanwhile.

    Order and content stay the same. What simulates releases Python's lock for most of its time, so
    that a second processor does it while the first trains.

    Parameters
    ----------
    items : iterable
        What to yield.

    Yields
    ------
    Any
        The items.
    """
    iterator = iter(items)
    end = object()
    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting = pool.submit(next, iterator, end)
        while (item := waiting.result()) is not end:
            waiting = pool.submit(next, iterator, end)
            yield item  # type: ignore[misc]


class SampleStream(IterableDataset):
    """Batches of ((eeg (B, E, T) float32 V,), truth (B, N) float32), without end.

    Batch b holds the samples of index ``start + b * batch_size`` onward, the same ones that
    ``simulate_samples`` makes of the same simulator. With W loader workers, worker w makes the
    batches w, w + W, ...; a DataLoader (``batch_size=None``) hands them out in this order, so the
    stream does not depend on the number of workers.

    Parameters
    ----------
    simulator : Simulator
        What draws the samples.
    batch_size : int
        B.
    start : int, optional
        First sample; where an interrupted training goes on.
    front : callable, optional
        As for :func:`fresh_batches`.

    Raises
    ------
    UserError
        For a size below 1 or a start below 0.
    """

    def __init__(
        self,
        simulator: Simulator,
        *,
        batch_size: int,
        start: int = 0,
        front: Front | None = None,
    ) -> None:
        if batch_size < 1 or start < 0:
            raise UserError(f"batch_size {batch_size} must be 1 or more, start {start} 0 or more")
        self._simulator = simulator
        self._batch_size = batch_size
        self._start = start
        self._front = front

    def __iter__(self) -> Iterator[tuple[Given, torch.Tensor]]:
        worker = get_worker_info()
        batch, step = (0, 1) if worker is None else (worker.id, worker.num_workers)
        while True:
            first = self._start + batch * self._batch_size
            yield self._batch(np.arange(first, first + self._batch_size))
            batch += step

    def _batch(self, indices: np.ndarray) -> tuple[Given, torch.Tensor]:
        size = self._simulator.block_size
        starts = range(0, len(indices), size)
        blocks = [self._simulator.block(indices[start : start + size]) for start in starts]
        eeg = np.concatenate([block.eeg for block in blocks])
        truth = [block.patches.truth.dense() for block in blocks]
        windows = torch.from_numpy(eeg)
        given = (windows,) if self._front is None else self._front(windows)
        return given, torch.from_numpy(np.concatenate(truth))
