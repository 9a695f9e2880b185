"""What may disturb a window beside the brain: eyes, muscles, and single channels that are bad.

Each has a known topography u at the electrodes and a course that is not known: its strength v along
u is one more term v u u' of the covariance, white in the whitened time. So strong a term that it is
of no matter how strong takes the direction u out of the window, as a projection does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multisource.posterior.model import PatchModel
from multisource.posterior.room import SCALE, Terms
from multisource.posterior.scan import column_gain, whitened_groups
from multisource.simulation.eyes import BLINK, SACCADE, eye_topography
from multisource.simulation.muscle import muscle_topographies

# Gain of log likelihood, raised to the trust, from which a disturbance is taken in.
LEAST = 20.0
MOST = 3  # of a window
OUT = 1e10  # a strength at which nothing is left along a topography
_STRENGTHS = np.geomspace(1e-2, 1e8, 41)  # of v, over the background's variance along u


@dataclass(frozen=True)
class Disturbances:
    """Topographies of disturbances, prepared.

    Attributes
    ----------
    names : tuple of str
        K names: blink, saccade, muscle 1, ... and those of the channels.
    columns : ndarray of shape (r, K)
        Their whitened topographies, each of length 1.
    """

    names: tuple[str, ...]
    columns: np.ndarray


def known_disturbances(
    model: PatchModel, electrodes_mm: np.ndarray, channels: Sequence[str]
) -> Disturbances:
    """Prepare the topographies.

    Parameters
    ----------
    model : PatchModel
        The model.
    electrodes_mm : ndarray of shape (E, 3)
        Electrodes, surface RAS, mm.
    channels : sequence of str
        Their names.

    Returns
    -------
    Disturbances
        Of eyes, muscles and each channel.
    """
    muscles = muscle_topographies(electrodes_mm)
    patterns = np.vstack(
        [
            eye_topography(electrodes_mm, np.array(BLINK)),
            eye_topography(electrodes_mm, np.array(SACCADE)),
            muscles,
            np.eye(len(channels)),
        ]
    )
    columns = model.space @ patterns.T
    names = ("blink", "saccade", *(f"muscle {i + 1}" for i in range(len(muscles))), *channels)
    return Disturbances(names, columns / np.linalg.norm(columns, axis=0))


def strongest(
    model: PatchModel, these: Disturbances, parts: Terms, at: int, n: int, values: np.ndarray
) -> tuple[int, float, float]:
    """Return the disturbance that would explain most of what patches have left.

    Parameters
    ----------
    model : PatchModel
        The model.
    these : Disturbances
        What is tried.
    parts : Terms
        Parts of the present states.
    at : int
        Which of them.
    n : int
        Patches of that state.
    values : ndarray of shape (4,)
        Boost, scale, noise and widening.

    Returns
    -------
    which : int
        Its number.
    strength : float
        The variance v with which it explains most.
    gain : float
        By how much the log likelihood grows.
    """
    gains = np.zeros((len(_STRENGTHS), these.columns.shape[1]))
    for data, inverse, size in whitened_groups(model, parts, at, n):
        tried = inverse @ these.columns
        power = _STRENGTHS[:, None] * np.einsum("ij,ij->j", tried, tried)
        right = (data / values[SCALE]).T @ tried
        explained = _STRENGTHS[:, None] * np.einsum("ij,ij->j", right, right)
        gains += column_gain(explained, power, size)
    strength, which = np.unravel_index(gains.argmax(), gains.shape)
    return int(which), float(_STRENGTHS[strength]), float(gains.max())
