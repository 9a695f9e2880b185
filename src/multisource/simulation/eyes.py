"""Artefacts of the eyes: blinks and horizontal saccades.

Eyes are current dipoles in a homogeneous conductor, (r - r_eye) . p / |r - r_eye|^3: upward for a
blink (the lid short-circuits the cornea's positive charge to the forehead), to one side for a
horizontal saccade. Coordinates: surface RAS, y to the front.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from multisource.simulation.contract import Event
from multisource.simulation.topography import head_sphere, referenced

BLINK_RISE_S, BLINK_FALL_S = 0.10, 0.20
SACCADE_S = 0.04  # a saccade of some 10 degrees
FIXATION_S = 0.5  # then the eyes come back
EYES = np.array([[-0.34, 0.78, -0.42], [0.34, 0.78, -0.42]])
BLINK, SACCADE = (0.0, 0.3, 0.95), (1.0, 0.0, 0.0)  # directions of the dipoles


def blink(
    electrodes: np.ndarray, times: np.ndarray, generator: np.random.Generator, *, window_s: float
) -> Event:
    """Draw a blink: positive over the forehead, of 0.3 s, some of it in the window.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm.
    times : ndarray of shape (T,)
        Times, s, 0 at the start of the event's window.
    generator : numpy.random.Generator
        Random numbers of the event.
    window_s : float
        Length of a window, s.

    Returns
    -------
    Event
        Its topography, and its course with a peak of 1.
    """
    onset = generator.uniform(-BLINK_RISE_S - BLINK_FALL_S, window_s)
    return Event(_pattern(electrodes, BLINK), blink_course(times, onset))


def saccade(
    electrodes: np.ndarray, times: np.ndarray, generator: np.random.Generator, *, window_s: float
) -> Event:
    """Draw a saccade to the left or right, some of it in the window, and back after half a second.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm.
    times : ndarray of shape (T,)
        Times, s, 0 at the start of the event's window.
    generator : numpy.random.Generator
        Random numbers of the event.
    window_s : float
        Length of a window, s.

    Returns
    -------
    Event
        Its topography, and its course with a step of 1.
    """
    onset = generator.uniform(-SACCADE_S, window_s)
    course = saccade_course(times, onset) - saccade_course(times, onset + FIXATION_S)
    return Event(_pattern(electrodes, SACCADE), generator.choice([-1.0, 1.0]) * course)


def _pattern(electrodes: np.ndarray, direction: tuple[float, float, float]) -> np.ndarray:
    return _kept(np.ascontiguousarray(electrodes, dtype=float).tobytes(), direction)


@lru_cache(maxsize=16)  # a montage has one of each, which thousands of events need
def _kept(electrodes: bytes, direction: tuple[float, float, float]) -> np.ndarray:
    return eye_topography(np.frombuffer(electrodes).reshape(-1, 3), np.array(direction))


def eye_topography(electrodes: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return the potential of both eyes' dipoles along one direction.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Positions, surface RAS, mm.
    direction : ndarray of shape (3,)
        Direction of the dipoles, surface RAS; its length does not matter.

    Returns
    -------
    ndarray of shape (E,)
        Potential in average reference, 1 at the most affected channel.
    """
    centre, radius = head_sphere(electrodes)
    offset = electrodes[None] - (centre + radius * EYES)[:, None]
    potential = (offset @ direction / np.linalg.norm(offset, axis=2) ** 3).sum(axis=0)
    return referenced(potential)


def blink_topography(electrodes: np.ndarray) -> np.ndarray:
    """Return the topography of a blink: positive over the forehead.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Positions, surface RAS, mm.

    Returns
    -------
    ndarray of shape (E,)
        Potential in average reference, 1 at the most affected channel.
    """
    return eye_topography(electrodes, np.array(BLINK))


def saccade_topography(electrodes: np.ndarray) -> np.ndarray:
    """Return the topography of a saccade to the right: positive on the right.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Positions, surface RAS, mm.

    Returns
    -------
    ndarray of shape (E,)
        Potential in average reference, 1 at the most affected channel.
    """
    return eye_topography(electrodes, np.array(SACCADE))


def blink_course(times: np.ndarray, onset: np.ndarray | float) -> np.ndarray:
    """Return a blink's time course: from 0 up to 1 in 0.1 s and back in 0.2 s, smooth.

    Parameters
    ----------
    times : ndarray
        Times, s.
    onset : ndarray or float
        When blinks start, s; broadcast against ``times``.

    Returns
    -------
    ndarray
        The course, 0 to 1, in the shape that both broadcast to.
    """
    since = times - onset
    rise = np.clip(since / BLINK_RISE_S, 0, 1)
    fall = np.clip((since - BLINK_RISE_S) / BLINK_FALL_S, 0, 1)
    return 0.5 * (np.cos(np.pi * fall) - np.cos(np.pi * rise))


def saccade_course(times: np.ndarray, onset: np.ndarray | float) -> np.ndarray:
    """Return a saccade's time course: a smooth step from 0 to 1 within 40 ms.

    Parameters
    ----------
    times : ndarray
        Times, s.
    onset : ndarray or float
        When saccades start, s; broadcast against ``times``.

    Returns
    -------
    ndarray
        The course, 0 to 1, in the shape that both broadcast to.
    """
    return 0.5 - 0.5 * np.cos(np.pi * np.clip((times - onset) / SACCADE_S, 0, 1))
