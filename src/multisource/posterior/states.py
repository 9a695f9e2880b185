"""States of the chain: how many patches there are, where, how large, and what they share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from multisource.compiled import njit
from multisource.posterior.room import MOST


class States(NamedTuple):
    """Patches and common values of K states.

    Attributes
    ----------
    number : ndarray of shape (K,)
        Number of patches.
    centre : ndarray of shape (K, MOST)
        Their dipoles.
    extent : ndarray of shape (K, MOST)
        Their diameters, mm.
    course : ndarray of shape (K, MOST)
        Class of each time course, -1 for the mean of all.
    gain : ndarray of shape (K, MOST)
        Amplitude of each patch's topography over what the leadfield says.
    values : ndarray of shape (K, 4)
        Boost, scale, noise and widening.
    """

    number: np.ndarray
    centre: np.ndarray
    extent: np.ndarray
    course: np.ndarray
    gain: np.ndarray
    values: np.ndarray


def states(n_states: int) -> States:
    """Make room for states.

    Parameters
    ----------
    n_states : int
        K.

    Returns
    -------
    States
        States without a patch.
    """
    return States(
        np.zeros(n_states, np.int64),
        np.zeros((n_states, MOST), np.int64),
        np.zeros((n_states, MOST)),
        np.full((n_states, MOST), -1),
        np.ones((n_states, MOST)),
        np.zeros((n_states, 4)),
    )


@njit(cache=True, inner=True)
def copy_state(these: States, source: int, target: int) -> None:
    """Copy a state.

    Parameters
    ----------
    these : States
        The states.
    source : int
        The state that is read.
    target : int
        The state that is written.
    """
    these.number[target] = these.number[source]
    for p in range(MOST):
        these.centre[target, p] = these.centre[source, p]
        these.extent[target, p] = these.extent[source, p]
        these.course[target, p] = these.course[source, p]
        these.gain[target, p] = these.gain[source, p]
    for v in range(4):
        these.values[target, v] = these.values[source, v]
