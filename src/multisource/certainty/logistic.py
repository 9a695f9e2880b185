"""A line of log odds, fitted to what came true (Platt 1999)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

STEPS = 100
CLOSEST = 1e-6  # to 0 and 1, of a probability whose log odds are taken


class Line(NamedTuple):
    """log odds of the truth = slope * log odds of what was said + intercept.

    Attributes
    ----------
    slope, intercept : float
        Of the line.
    """

    slope: float
    intercept: float

    def __call__(self, said: np.ndarray) -> np.ndarray:
        """Return what is true of what was said.

        Parameters
        ----------
        said : ndarray
            Probabilities, 0..1.

        Returns
        -------
        ndarray
            Probabilities, 0..1, of the same shape.
        """
        return expit(self.slope * log_odds(said) + self.intercept)


def log_odds(said: np.ndarray) -> np.ndarray:
    """Return log odds that are finite.

    Parameters
    ----------
    said : ndarray
        Probabilities, 0..1.

    Returns
    -------
    ndarray
        Log odds.
    """
    return logit(np.clip(np.asarray(said, float), CLOSEST, 1 - CLOSEST))


def fit_logistic(said: np.ndarray, came_true: np.ndarray) -> Line | None:
    """Fit the line by maximum likelihood.

    Parameters
    ----------
    said : ndarray of shape (n,)
        Probabilities, 0..1.
    came_true : ndarray of bool, shape (n,)
        Whether each came true.

    Returns
    -------
    Line or None
        None where all came true, or none did: nothing can be said then.

    Notes
    -----
    The labels are Platt's: (k + 1) / (k + 2) for the k that came true, 1 / (m + 2) for the m
    others. So the slope stays finite where one value parts them without an error.
    """
    came_true = np.asarray(came_true, bool)
    k, m = int(came_true.sum()), int((~came_true).sum())
    if not k or not m:
        return None
    x = np.column_stack([log_odds(said), np.ones(k + m)])
    label = np.where(came_true, (k + 1) / (k + 2), 1 / (m + 2))

    def loss(line: np.ndarray) -> float:
        z = x @ line
        return float((np.logaddexp(0, z) - label * z).sum())

    line, value = np.zeros(2), loss(np.zeros(2))
    for _ in range(STEPS):
        p = expit(x @ line)
        curvature = (x * (p * (1 - p))[:, None]).T @ x + 1e-9 * np.eye(2)
        move, size = np.linalg.solve(curvature, x.T @ (p - label)), 1.0
        while size > 1e-6 and loss(line - size * move) > value:
            size /= 2
        line = line - size * move
        before, value = value, loss(line)
        if before - value <= 1e-10 * before:
            break
    return Line(float(line[0]), float(line[1]))
