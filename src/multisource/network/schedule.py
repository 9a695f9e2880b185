"""Step size over the epochs: reduced at plateaus (the paper's), or along half a cosine."""

from __future__ import annotations

from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, ReduceLROnPlateau

from multisource.network.options import TrainingOptions


def make_scheduler(optimizer: Optimizer, options: TrainingOptions, epochs: int) -> LRScheduler:
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

    Returns
    -------
    torch.optim.lr_scheduler.LRScheduler
        The scheduler.
    """
    if options.schedule == "cosine":
        return CosineAnnealingLR(optimizer, T_max=epochs, eta_min=options.minimum_learning_rate)
    return ReduceLROnPlateau(
        optimizer,
        factor=options.plateau_factor,
        patience=options.plateau_patience,
        threshold=options.plateau_threshold,
    )


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
    else:
        scheduler.step()
