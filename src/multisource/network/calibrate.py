"""Said probabilities made true ones: Platt's recalibration of a trained network.

After training a slope and an intercept of the logit of P(active) are fitted on the validation
windows, which the weights were not fitted to, and folded into the weights. A rising line leaves the
order of the dipoles as it is, so that no metric of ranks changes.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from multisource.network.samples import Windows

logger = logging.getLogger(__name__)

STEPS = 50  # of Newton's method; five are enough for a network that has learned something
GAIN = 1e-8  # share of the cross-entropy; a step that gains less is the last
BATCH = 500  # windows at a time


class Recalibration(NamedTuple):
    """What the logit of P(active) became: slope times logit plus intercept.

    Attributes
    ----------
    slope : float
        Below 1 for a network that was too sure.
    intercept : float
        Above 0 for one that said too little.
    """

    slope: float
    intercept: float


@runtime_checkable
class Recalibrated(Protocol):
    """A network that tells P(active), as its map 0, and takes a recalibration."""

    def recalibrate(self, slope: float, intercept: float) -> None:
        """Change the weights such that the logit of P(active) is a line of what it was.

        Parameters
        ----------
        slope, intercept : float
            The line.
        """
        ...

    def __call__(self, eeg: torch.Tensor) -> torch.Tensor:
        """Map EEG (B, E, T) in V to logits (B, 2, N).

        Parameters
        ----------
        eeg : Tensor of shape (B, E, T)
            EEG, V.

        Returns
        -------
        Tensor of shape (B, 2, N)
            Logits.
        """
        ...


@torch.no_grad()
def calibrate(network: Recalibrated, windows: Windows) -> Recalibration:
    """Fit the recalibration of a network on windows, and fold it into its weights.

    Parameters
    ----------
    network : Recalibrated
        The network, on the processor and in evaluation mode; changed in place.
    windows : Windows
        Windows that its weights were not fitted to.

    Returns
    -------
    Recalibration
        What its logits were changed by.
    """
    logits, active = [], []
    for eeg, truth in windows.batches(BATCH):
        logits.append(network(torch.from_numpy(eeg))[:, 0].numpy())
        active.append(truth > 0)
    fitted = fit_line(logits, active)
    network.recalibrate(*fitted)
    return fitted


def fit_line(logits: Sequence[np.ndarray], active: Sequence[np.ndarray]) -> Recalibration:
    """Fit slope and intercept of logits by maximum likelihood (Platt 1999).

    Parameters
    ----------
    logits : sequence of ndarray of shape (B, N)
        Batches of logits.
    active : sequence of ndarray of bool, shape (B, N)
        Whether the dipole was active.

    Returns
    -------
    Recalibration
        The line; that which changes nothing where no rising line is the best one, or where all
        dipoles, or none, were active.

    Notes
    -----
    Newton's method, at most ``STEPS`` times: so the slope stays finite also where the logits part
    the active dipoles from the others without an error.
    """
    positive = sum(int(part.sum()) for part in active)
    negative = sum(part.size for part in active) - positive
    nothing = Recalibration(1.0, 0.0)
    if not positive or not negative:
        logger.warning("P(active) is not recalibrated: the validation windows have one kind only")
        return nothing

    def moments(line: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Mean cross-entropy, its gradient and curvature; plain sums, the same for any threads."""
        value, gradient, curvature = 0.0, np.zeros(2), np.zeros((2, 2))
        for part, label in zip(logits, active, strict=True):
            x = part.astype(float)
            z = line[0] * x + line[1]
            p = 1 / (1 + np.exp(-np.clip(z, -700, 700)))
            value += float((np.logaddexp(0, z) - label * z).sum())
            error, weight = p - label, p * (1 - p)
            gradient += (error * x).sum(), error.sum()
            mixed = (weight * x).sum()
            curvature += [[(weight * x * x).sum(), mixed], [mixed, weight.sum()]]
        count = positive + negative
        return value / count, gradient / count, curvature / count

    line = np.array(nothing)
    value, gradient, curvature = moments(line)
    for _ in range(STEPS):
        # Nearly no curvature where all logits are far from 0: a little keeps the step finite.
        move = np.linalg.solve(curvature + 1e-12 * np.eye(2), gradient)
        step = 1.0
        while step > 1e-6:
            found = moments(line - step * move)
            if found[0] <= value:
                break
            step /= 2
        else:
            break
        gain = value - found[0]
        line, (value, gradient, curvature) = line - step * move, found
        if gain <= GAIN * value:
            break
    if not (math.isfinite(line[0]) and line[0] > 0):
        logger.warning("P(active) is not recalibrated: the network has not learned yet")
        return nothing
    return Recalibration(float(line[0]), float(line[1]))
