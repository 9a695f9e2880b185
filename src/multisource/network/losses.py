"""Losses between predicted logits and the truth l (0..1), both of shape (samples, dipoles).

The paper's is ``l1``. Since 95 % of the truth is zero, its best constant answer is the zero map,
and a network started at random tends to go there; ``bce`` has no such trap and the same best
answer where the truth is certain. Losses work on logits, so that none saturates numerically.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from multisource.errors import UserError
from multisource.network.cross_entropy import cross_entropy


def l1(logits: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute error over samples and dipoles (paper, section II-C).

    Parameters
    ----------
    logits : Tensor of shape (B, N)
        Output of the network.
    truth : Tensor of shape (B, N)
        Coefficients l.

    Returns
    -------
    Tensor
        The loss, a scalar.
    """
    return functional.l1_loss(torch.sigmoid(logits), truth)


def mse(logits: Tensor, truth: Tensor) -> Tensor:
    """Mean squared error over samples and dipoles.

    Parameters
    ----------
    logits : Tensor of shape (B, N)
        Output of the network.
    truth : Tensor of shape (B, N)
        Coefficients l.

    Returns
    -------
    Tensor
        The loss, a scalar.
    """
    return functional.mse_loss(torch.sigmoid(logits), truth)


def bce(logits: Tensor, truth: Tensor) -> Tensor:
    """Binary cross-entropy with the truth as a soft label, mean over samples and dipoles.

    Parameters
    ----------
    logits : Tensor of shape (B, N)
        Output of the network.
    truth : Tensor of shape (B, N)
        Coefficients l.

    Returns
    -------
    Tensor
        The loss, a scalar.
    """
    return _of_one_map(logits, truth, active_only=False)


def bce_active(logits: Tensor, truth: Tensor) -> Tensor:
    """Binary cross-entropy against "active or not" (l > 0), mean over samples and dipoles.

    The estimate is then the probability that a dipole is active, which ranks dipoles as the
    AUC and FractionActive do, and not its coefficient l.

    Parameters
    ----------
    logits : Tensor of shape (B, N)
        Output of the network.
    truth : Tensor of shape (B, N)
        Coefficients l.

    Returns
    -------
    Tensor
        The loss, a scalar.
    """
    return _of_one_map(logits, truth, active_only=True)


def dice(logits: Tensor, truth: Tensor) -> Tensor:
    """1 - soft Dice overlap, mean over samples (Milletari 2016, without the squares).

    A sample counts the same whatever the size of its patches. 1 is added to both sides of the
    ratio, so that an empty truth is matched by an empty map.

    Parameters
    ----------
    logits : Tensor of shape (B, N)
        Output of the network.
    truth : Tensor of shape (B, N)
        Coefficients l.

    Returns
    -------
    Tensor
        The loss, a scalar.
    """
    estimate = torch.sigmoid(logits)
    overlap = 2 * (estimate * truth).sum(dim=1) + 1
    return (1 - overlap / (estimate.sum(dim=1) + truth.sum(dim=1) + 1)).mean()


def bce_dice(logits: Tensor, truth: Tensor) -> Tensor:
    """Sum of ``bce``, scaled to the size it has at chance level (about 0.1), and ``dice``.

    Parameters
    ----------
    logits : Tensor of shape (B, N)
        Output of the network.
    truth : Tensor of shape (B, N)
        Coefficients l.

    Returns
    -------
    Tensor
        The loss, a scalar.
    """
    return 10 * bce(logits, truth) + dice(logits, truth)


def bce_maps(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross-entropy of two maps: of P(active) against l > 0, and of E[l] against l; their sum.

    Parameters
    ----------
    logits : Tensor of shape (B, 2, N)
        Output of a network with two maps.
    truth : Tensor of shape (B, N)
        Coefficients l.

    Returns
    -------
    Tensor
        The loss, a scalar.

    Raises
    ------
    UserError
        If the network has one map only.
    """
    if logits.ndim != 3:
        raise UserError("loss: bce_maps needs a network with two maps, as covnet; see losses.py")
    # In the order of memory that a layer of nodes leaves: (N, 2, B) and (N, B).
    return cast(Tensor, _CrossEntropy.apply(logits.permute(2, 1, 0), truth.T, True)) * 2


def _of_one_map(logits: Tensor, truth: Tensor, *, active_only: bool) -> Tensor:
    if logits.stride(0) == 1:  # in the order of memory of a layer that works on columns
        logits, truth = logits.T, truth.T
    return cast(Tensor, _CrossEntropy.apply(logits[:, None], truth, active_only))


class _CrossEntropy(torch.autograd.Function):
    """Mean binary cross-entropy of logits (R, C, B) and truth (R, B).

    The label of map 0 is l > 0 where only whether a dipole is active counts, any other is l. On the
    processor it takes a tenth of the time of torch's own, whose steps each go through memory.
    """

    @staticmethod
    def forward(ctx, logits, truth, active_only):  # type: ignore[no-untyped-def]
        if logits.device.type == "cpu" and logits.dtype == torch.float32:
            gradient = torch.empty_like(logits, memory_format=torch.contiguous_format)
            arrays = logits.detach().contiguous().numpy(), truth.contiguous().numpy()
            total = cross_entropy(*arrays, active_only, gradient.numpy())
            value = logits.new_tensor(total / logits.numel())
        else:
            labels = truth[:, None].expand_as(logits).clone()
            if active_only:
                labels[:, 0] = (truth > 0).to(labels.dtype)
            value = functional.binary_cross_entropy_with_logits(logits, labels)
            gradient = torch.sigmoid(logits) - labels
        ctx.save_for_backward(gradient)
        return value

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        (of_sum,) = ctx.saved_tensors
        return of_sum * (gradient / of_sum.numel()), None, None


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": l1,
    "mse": mse,
    "bce": bce,
    "bce_active": bce_active,
    "dice": dice,
    "bce_dice": bce_dice,
    "bce_maps": bce_maps,
}


def loss_function(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Look a loss up by its name.

    Parameters
    ----------
    name : str
        A name of ``LOSSES``.

    Returns
    -------
    callable
        Logits (B, N) and truth (B, N) to a scalar.

    Raises
    ------
    UserError
        For an unknown name.
    """
    if name not in LOSSES:
        raise UserError(f"loss: {name!r}; allowed: {', '.join(LOSSES)}")
    return LOSSES[name]
