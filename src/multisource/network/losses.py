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
    return functional.binary_cross_entropy_with_logits(logits, truth)


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
    return functional.binary_cross_entropy_with_logits(logits, (truth > 0).to(logits.dtype))


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
    # In the order of memory that a layer of nodes leaves: a third of the time.
    share = truth.T.contiguous()
    labels = torch.stack([(share > 0).to(logits.dtype), share], dim=1)  # (N, 2, B)
    return cast(Tensor, _CrossEntropy.apply(logits.permute(2, 1, 0).contiguous(), labels)) * 2


class _CrossEntropy(torch.autograd.Function):
    """Mean binary cross-entropy with logits; torch's own takes five times as long.

    softplus(z) = max(z, 0) - ln max(p, 1 - p), p the sigmoid; logarithms are taken of products of
    eight, each factor being between 1/2 and 1.
    """

    @staticmethod
    def forward(ctx, logits, labels):  # type: ignore[no-untyped-def]
        estimate = torch.sigmoid(logits)
        ctx.save_for_backward(estimate, labels)
        larger = torch.maximum(estimate, 1 - estimate).flatten()
        larger = functional.pad(larger, (0, -len(larger) % 8), value=1.0).unflatten(0, (8, -1))
        softplus = logits.clamp(min=0).sum() - larger.prod(dim=0).log().sum()
        return (softplus - (logits * labels).sum()) / logits.numel()

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        estimate, labels = ctx.saved_tensors
        return (estimate - labels) * (gradient / labels.numel()), None


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
