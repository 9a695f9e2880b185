"""Activity below the cortex: the far field of the brainstem or the thalamus.

A model of the cortex knows no such source, and explains its field, which is broad, by the cortex
that is nearest: the isthmus of the cingulate gyrus, the parahippocampal gyrus. In somatosensory
responses such fields (P14, N18) are as large as those of the cortex. A network may be trained, and
every method tested, with them.

Coordinates: surface RAS, y to the front.
"""

from __future__ import annotations

import numpy as np

from multisource.simulation.contract import Event
from multisource.simulation.topography import head_sphere

# An ellipsoid that holds the brainstem and the thalami, in radii of the head from its middle.
MIDDLE = np.array([0.0, -0.05, -0.2])
HALF_AXES = np.array([0.2, 0.2, 0.3])
WAVES = 4  # half cycles of the course in a window, at most


def subcortical(
    electrodes: np.ndarray, times: np.ndarray, generator: np.random.Generator, *, window_s: float
) -> Event:
    """Draw the field of a deep dipole of any direction, with a slow course.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm.
    times : ndarray of shape (T,)
        Times, s, 0 at the start of the event's window.
    generator : numpy.random.Generator
        Random numbers of the event.
    window_s : float
        Length of a window, s: the course has its greatest part there.

    Returns
    -------
    Event
        The potential as in an infinite medium, which at the far scalp has hardly another shape
        than that in a head of four shells (correlation .99 in the median, .86 at worst), and a
        sine of at most two cycles a window, in a Gaussian of the window's length.
    """
    place, moment = drawn_dipole(electrodes, generator)
    away = electrodes - place
    pattern = away @ moment / np.linalg.norm(away, axis=1) ** 3
    phase = (times - generator.uniform(0, window_s)) / window_s
    turn = np.pi * (generator.uniform(0, WAVES) * phase + generator.uniform(0, 2))
    return Event(pattern, np.cos(turn) * np.exp(-0.5 * phase**2))


def drawn_dipole(
    electrodes: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a deep dipole.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm, whose sphere stands for the head.
    generator : numpy.random.Generator
        Random numbers.

    Returns
    -------
    place : ndarray of shape (3,)
        Its place, mm, uniform in the ellipsoid.
    moment : ndarray of shape (3,)
        Its direction, of norm 1.
    """
    centre, radius = head_sphere(electrodes)
    inside = generator.standard_normal(3)
    inside *= generator.random() ** (1 / 3) / np.linalg.norm(inside)
    moment = generator.standard_normal(3)
    return centre + radius * (MIDDLE + HALF_AXES * inside), moment / np.linalg.norm(moment)
