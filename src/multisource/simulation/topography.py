"""What topographies at the electrodes have in common: the head as a sphere, and their scale."""

from __future__ import annotations

import numpy as np

from multisource.errors import UserError


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
        raise UserError(f"electrodes: {len(electrodes)} of them fix no head; give at least 4")
    system = np.c_[2 * electrodes, np.ones(len(electrodes))]
    solution = np.linalg.lstsq(system, (electrodes**2).sum(axis=1), rcond=None)[0]
    centre = solution[:3]
    return centre, float(np.sqrt(solution[3] + centre @ centre))


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
