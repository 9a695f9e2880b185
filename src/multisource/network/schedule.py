"""Step size over the training: reduced at plateaus (the paper's), or along half a cosine."""

from __future__ import annotations

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LRScheduler, ReduceLROnPlateau

from multisource.network.options import TrainingOptions

RISE = 0.05  # of the training, in which one_cycle rises from nothing


def make_scheduler(
    optimizer: Optimizer, options: TrainingOptions, epochs: int, batches: int
) -> LRScheduler:
    """Return the scheduler that the options name.

    The cosine goes from learning_rate to minimum_learning_rate (Loshchilov and Hutter 2017, without
    restarts).

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Whose step size it steers.
    options : TrainingOptions
        ``schedule`` is a name in ``options.SCHEDULES``.
    epochs : int
        Epochs to come.
    batches : int
        Batches of an epoch.

    Returns
    -------
    torch.optim.lr_scheduler.LRScheduler
        The scheduler.
    """
    if options.schedule == "one_cycle":
        return LambdaLR(optimizer, _OneCycle(options, epochs * batches))
    if options.schedule == "cosine":
        return CosineAnnealingLR(optimizer, T_max=epochs, eta_min=options.minimum_learning_rate)
    return ReduceLROnPlateau(
        optimizer,
        factor=options.plateau_factor,
        patience=options.plateau_patience,
        threshold=options.plateau_threshold,
    )


class _OneCycle:
    """Share of the learning rate at a batch."""

    def __init__(self, options: TrainingOptions, batches: int) -> None:
        self._least = options.minimum_learning_rate / options.learning_rate
        self._batches = batches

    def __call__(self, batch: int) -> float:
        rise = min(1.0, (batch + 1) / max(1.0, RISE * self._batches))
        fall = 0.5 * (1 + math.cos(math.pi * min(1.0, batch / self._batches)))
        return rise * (self._least + (1 - self._least) * fall)


def step_batch(scheduler: LRScheduler) -> None:
    """Tell a scheduler that a batch has ended.

    Parameters
    ----------
    scheduler : torch.optim.lr_scheduler.LRScheduler
        The scheduler.
    """
    if isinstance(scheduler, LambdaLR):
        scheduler.step()


def step(scheduler: LRScheduler, validation_loss: float) -> None:
    """Tell a scheduler that an epoch has ended.

    Parameters
    ----------
    scheduler : torch.optim.lr_scheduler.LRScheduler
        The scheduler.
    validation_loss : float
        Loss after the epoch.
    """
    if isinstance(scheduler, ReduceLROnPlateau):
        scheduler.step(validation_loss)
    elif not isinstance(scheduler, LambdaLR):
        scheduler.step()
