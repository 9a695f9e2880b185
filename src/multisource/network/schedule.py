"""Step size over the epochs: reduced at plateaus (the paper's), or along half a cosine."""

from __future__ import annotations

from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, ReduceLROnPlateau

from multisource.network.options import TrainingOptions


def make_scheduler(optimizer: Optimizer, options: TrainingOptions, epochs: int) -> LRScheduler:
    """The scheduler of a name in ``options.SCHEDULES`` for the ``epochs`` to come.

    The cosine goes from
    learning_rate to minimum_learning_rate (Loshchilov and Hutter 2017, without restarts).
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
    """End of an epoch."""
    if isinstance(scheduler, ReduceLROnPlateau):
        scheduler.step(validation_loss)
    else:
        scheduler.step()
