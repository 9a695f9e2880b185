"""What is believed of a window before it is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from multisource.errors import UserError
from multisource.posterior.room import MOST


class Prior(NamedTuple):
    """The prior as the compiled functions take it.

    Attributes
    ----------
    number : ndarray of shape (MOST,)
        Logarithm of the probability of each number of patches, -inf where there is none.
    extent : ndarray of shape (2,)
        Range of the extents, mm, uniform between.
    boost : ndarray of shape (2,)
        Range of the boost, log-uniform between; one value twice if it is known.
    scale : float
        Standard deviation of the logarithm of the scale, which is normal; 0 if it is known.
    noise : ndarray of shape (3,)
        Probability of no noise, and the range of its level where there is some, log-uniform.
    widening : ndarray of shape (3,)
        The same of the widening.
    shares : ndarray of shape (C,)
        Probability of each class of time course; empty where all are of the mean.
    gain : float
        Standard deviation of the logarithm of a patch's gain, which is normal; 0 if it is 1.
    """

    number: np.ndarray
    extent: np.ndarray
    boost: np.ndarray
    scale: float
    noise: np.ndarray
    widening: np.ndarray
    shares: np.ndarray
    gain: float


@dataclass(frozen=True)
class PriorSettings:
    """The prior in plain numbers.

    Attributes
    ----------
    sources : tuple of int
        Fewest and most patches, each number between as probable.
    extent_mm : tuple of float
        Range of the extents, mm.
    boost : tuple of float
        Range of the boost.
    scale_sd : float
        Standard deviation of the logarithm of the scale.
    noise : tuple of float
        Probability of no sensor noise, then the range of its variance over the background's at the
        mean channel.
    widening : tuple of float
        Probability that the leadfield is right, then the range of the variance of what the
        patches' topographies are wrong by, relative to their own.
    classes : bool
        Whether each patch's time course is of one of the classes, or all are of their mean.
    gain_sd : float
        Standard deviation of the logarithm of each patch's amplitude over the leadfield's.

    Raises
    ------
    UserError
        If a number is out of range.
    """

    sources: tuple[int, int] = (1, 3)
    extent_mm: tuple[float, float] = (20.0, 60.0)
    boost: tuple[float, float] = (7.0, 14.0)
    scale_sd: float = 0.1
    noise: tuple[float, float, float] = (0.25, 1e-5, 1e3)
    widening: tuple[float, float, float] = (0.25, 1e-5, 0.3)
    classes: bool = True
    gain_sd: float = 0.0

    def __post_init__(self) -> None:
        low, high = self.sources
        if not 0 <= low <= high < MOST:
            raise UserError(f"sources: {list(self.sources)}; allowed: 0 to {MOST - 1}, in order")
        for name in ("extent_mm", "boost"):
            first, last = getattr(self, name)
            if not 0 < first <= last:
                raise UserError(f"{name}: [{first}, {last}]; allowed: above 0, in order")
        for name in ("scale_sd", "gain_sd"):
            if getattr(self, name) < 0:
                raise UserError(f"{name}: {getattr(self, name)}; allowed: 0 or more")
        for name in ("noise", "widening"):
            none, first, last = getattr(self, name)
            if not (0 <= none <= 1 and 0 < first < last):
                raise UserError(
                    f"{name}: [{none}, {first}, {last}]; allowed: a probability, then a range "
                    "above 0, in order"
                )

    def compiled(self, shares: np.ndarray) -> Prior:
        """Return the prior as the compiled functions take it.

        Parameters
        ----------
        shares : ndarray of shape (C,)
            The part of the dipoles in each class of time course.

        Returns
        -------
        Prior
            The prior.
        """
        number = np.full(MOST, -np.inf)
        low, high = self.sources
        number[low : high + 1] = -np.log(high - low + 1)
        return Prior(
            number,
            np.array(self.extent_mm, float),
            np.array(self.boost, float),
            float(self.scale_sd),
            np.array(self.noise, float),
            np.array(self.widening, float),
            np.asarray(shares if self.classes else [], float),
            float(self.gain_sd),
        )
