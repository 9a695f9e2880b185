"""How good a network is on windows that it does not learn from."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from multisource.network.front import Front, Given, answer, front_of
from multisource.network.losses import loss_function
from multisource.network.samples import Windows

BATCH = 500  # windows at a time


@torch.no_grad()
def evaluate(
    network: nn.Module, windows: Windows, loss: str, held: list[Given] | None = None
) -> tuple[float, float]:
    """Compute mean loss and mean FractionActive of a network in evaluation mode.

    FractionActive is the share of the n largest values that belong to the n active dipoles
    (paper, II-E): unlike the loss it tells a network that learns from one at the zero map.

    Parameters
    ----------
    network : torch.nn.Module
        The network.
    windows : Windows
        Samples.
    loss : str
        A name of ``losses.LOSSES``.
    held : list of tuple of Tensor, optional
        What the network's front makes of them (:func:`prepared`), if that is known already.

    Returns
    -------
    loss : float
        Mean over samples.
    fraction_active : float
        Mean over samples.
    """
    criterion = loss_function(loss)
    network.eval()
    place = next(network.parameters()).device
    total, fractions = 0.0, []
    held = prepared(front_of(network, place), windows) if held is None else held
    for (_, dense), given in zip(windows.batches(BATCH), held, strict=True):
        truth = torch.from_numpy(dense).to(place)
        logits = answer(network, given)
        total += float(criterion(logits, truth)) * len(truth)
        ranked = logits if logits.ndim == 2 else logits[:, 0]
        fractions.append(_fraction_active(ranked, truth > 0))
    return total / len(windows), float(torch.cat(fractions).mean())


def prepared(front: Front, windows: Windows) -> list[Given]:
    """Return what a network's front makes of windows, ``BATCH`` at a time.

    Parameters
    ----------
    front : callable
        Of :func:`~multisource.network.front.front_of`.
    windows : Windows
        Samples.

    Returns
    -------
    list of tuple of Tensor
        What the layers are given.
    """
    return [front(torch.from_numpy(eeg)) for eeg, _ in windows.batches(BATCH)]


def _fraction_active(scores: Tensor, active: Tensor) -> Tensor:
    count = active.sum(dim=1)
    order = scores.topk(max(1, int(count.max())), dim=1).indices
    hit = active.gather(1, order) & (
        torch.arange(order.shape[1], device=order.device) < count[:, None]
    )
    return hit.sum(dim=1) / count.clamp(min=1)
