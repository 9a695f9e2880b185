"""Bad channels from the good ones, by spherical splines (Perrin et al. 1989).

The usual repair of a recording whose bad channels are known. MNE-Python has it for recordings;
here every window has bad channels of its own, and the splines of a montage are made once.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.legendre import legval

from multisource.geometry.spheres import sphere_centre

STIFFNESS = 4
TERMS = 50
SMOOTHING = 1e-5


class SphericalSplines:
    """The splines of a montage.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Places, in any unit; only their directions from the middle of the sphere that fits them
        best count.
    """

    def __init__(self, electrodes: np.ndarray) -> None:
        from_middle = electrodes - sphere_centre(electrodes)
        direction = from_middle / np.linalg.norm(from_middle, axis=1, keepdims=True)
        order = np.arange(1, TERMS + 1)
        factor = (2 * order + 1) / (order * (order + 1.0)) ** STIFFNESS / (4 * np.pi)
        cosine = np.clip(direction @ direction.T, -1, 1)
        self._spline = legval(cosine, np.concatenate([[0.0], factor]))

    def repaired(self, eeg: np.ndarray, bad: np.ndarray) -> np.ndarray:
        """Replace bad channels, and take the average reference again.

        Parameters
        ----------
        eeg : ndarray of shape (E, T)
            A window, V.
        bad : ndarray of bool, shape (E,)
            Its bad channels; a good one must be left.

        Returns
        -------
        ndarray of shape (E, T)
            The window in the average reference of all channels, V.
        """
        good = ~bad
        count = int(good.sum())
        # Weights of the splines and a constant: the splines pass the good channels.
        system = np.ones((count + 1, count + 1))
        system[:count, :count] = self._spline[np.ix_(good, good)] + SMOOTHING * np.eye(count)
        system[count, count] = 0
        across = np.ones((int(bad.sum()), count + 1))
        across[:, :count] = self._spline[np.ix_(bad, good)]
        weights = np.linalg.solve(system, across.T)[:count].T
        whole = np.array(eeg, float)
        whole[bad] = weights @ whole[good]
        return whole - whole.mean(axis=0)
