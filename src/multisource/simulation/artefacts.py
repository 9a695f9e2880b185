"""Eye and muscle artefacts at the electrodes.

Eyes are current dipoles in a homogeneous conductor, (r - r_eye) . p / |r - r_eye|^3: upward for a
blink (the lid short-circuits the cornea's positive charge to the forehead), to one side for a
horizontal saccade. Muscles are local patterns at the rim of the cap. All are average-referenced
and scaled so that the most affected channel has 1. Coordinates: surface RAS, y to the front.
"""

from __future__ import annotations

import numpy as np

from multisource.errors import UserError
from multisource.simulation.ar import model_from_spectrum

BLINK_RISE_S, BLINK_FALL_S = 0.10, 0.20
SACCADE_S = 0.04  # a saccade of some 10 degrees
BURST_S = 0.5
MUSCLE_MM = 30.0
MUSCLE_MEMORY_S = 0.08
# Directions from the middle of the head: temporalis, frontalis and neck, both sides.
MUSCLES = np.array(
    [[s * x, y, z] for s in (-1, 1) for x, y, z in ((0.95, 0.1, -0.3), (0.6, 0.7, -0.3),
                                                    (0.5, -0.8, -0.35))]
)  # fmt: skip
EYES = np.array([[-0.34, 0.78, -0.42], [0.34, 0.78, -0.42]])


def head_sphere(electrodes: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the sphere that fits the electrodes best.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Positions, surface RAS, mm.

    Returns
    -------
    centre : ndarray of shape (3,)
        Its centre, mm.
    radius : float
        Its radius, mm.

    Raises
    ------
    UserError
        If there are fewer than 4 electrodes.
    """
    if len(electrodes) < 4:
        raise UserError(f"artefacts: {len(electrodes)} electrodes fix no head; give at least 4")
    system = np.c_[2 * electrodes, np.ones(len(electrodes))]
    solution = np.linalg.lstsq(system, (electrodes**2).sum(axis=1), rcond=None)[0]
    centre = solution[:3]
    return centre, float(np.sqrt(solution[3] + centre @ centre))


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
    return eye_topography(electrodes, np.array([0.0, 0.3, 0.95]))


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
    return eye_topography(electrodes, np.array([1.0, 0.0, 0.0]))


def muscle_topographies(electrodes: np.ndarray) -> np.ndarray:
    """Return the topographies of the muscles of ``MUSCLES``.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Positions, surface RAS, mm.

    Returns
    -------
    ndarray of shape (6, E)
        Potentials in average reference, each 1 at its most affected channel.
    """
    centre, radius = head_sphere(electrodes)
    distance = np.linalg.norm(electrodes[None] - (centre + radius * MUSCLES)[:, None], axis=2)
    nearest = distance.min(axis=1, keepdims=True)
    local = np.exp(-0.5 * ((distance - nearest) / MUSCLE_MM) ** 2)
    return np.stack([referenced(pattern) for pattern in local])


def referenced(pattern: np.ndarray) -> np.ndarray:
    """Return a topography (E,) in average reference, scaled to 1 at the most affected channel.

    Parameters
    ----------
    pattern : ndarray of shape (E,)
        Topography in any unit.

    Returns
    -------
    ndarray of shape (E,)
        The same without its mean and unit.
    """
    pattern = pattern - pattern.mean()
    return pattern / np.abs(pattern).max()


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


def burst_course(times: np.ndarray, onset: np.ndarray | float) -> np.ndarray:
    """Return the envelope of a muscle burst of 0.5 s.

    Parameters
    ----------
    times : ndarray
        Times, s.
    onset : ndarray or float
        When bursts start, s; broadcast against ``times``.

    Returns
    -------
    ndarray
        The envelope, 0 to 1, in the shape that both broadcast to.
    """
    since = np.clip((times - onset) / BURST_S, 0, 1)
    return np.sin(np.pi * since) ** 2


def muscle_model(sfreq: float) -> np.ndarray:
    """Return the AR model of muscle activity: broad, above some 25 Hz, falling beyond 100 Hz.

    Parameters
    ----------
    sfreq : float
        Sampling rate, Hz.

    Returns
    -------
    ndarray of shape (p,)
        AR coefficients that reach 0.08 s back.
    """
    freqs = np.linspace(0, sfreq / 2, 4097)
    high = (freqs / 25) ** 4
    density = 1e-3 + high / (1 + high) / (1 + (freqs / 100) ** 2)
    return model_from_spectrum(density, sfreq, round(MUSCLE_MEMORY_S * sfreq), "muscle activity")
