"""Electrodes that are off by some millimetres, without another leadfield.

The potential of the scalp between electrodes is the spherical spline through them (Perrin et al.
1989, Electroencephalogr. Clin. Neurophysiol. 72:184). An electrode that is off by d mm along the
scalp measures y + d dy/dt: the derivatives are matrices, so that thousands of montages cost two
products a sample. Against operator A with electrodes that are really moved see docs/simulation.md.
"""

from __future__ import annotations

import numpy as np

from multisource.errors import UserError
from multisource.geometry.surfaces import tangents
from multisource.simulation.streams import Purpose, normals, uniforms
from multisource.simulation.topography import head_sphere

STIFFNESS = 4  # of the spline; its terms fall with n^-8
TERMS = 60


class ElectrodeError:
    """Random displacements of a montage, a new one for each sample.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Where the electrodes should be, mm.
    error_mm : tuple of float
        Range of the root mean square displacement, mm.
    """

    def __init__(self, electrodes: np.ndarray, error_mm: tuple[float, float]) -> None:
        self._gradients = tangential_gradients(electrodes)[0].astype(np.float32)
        self._range = error_mm

    def on_samples(self, eeg: np.ndarray, key: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """Displace the electrodes of samples in place, one montage for each.

        Parameters
        ----------
        eeg : ndarray of shape (S, E, T)
            EEG of the brain, V, average reference.
        key : ndarray of shape (2,)
            Key of the split.
        indices : ndarray of shape (S,)
            Numbers of the samples in the split.

        Returns
        -------
        ndarray of shape (S,)
            Root mean square displacement that each was drawn with, mm.
        """
        low, high = self._range
        error = low + (high - low) * uniforms(key, Purpose.ELECTRODE_ERROR, indices, 1)[:, 0]
        along = normals(key, Purpose.ELECTRODES, indices, 2 * eeg.shape[1])
        # Two components of equal variance make up the displacement.
        along = along * (error / np.sqrt(2)).astype(np.float32)[:, None]
        change = np.zeros_like(eeg)
        for gradient, part in zip(self._gradients, np.split(along, 2, axis=1), strict=True):
            change += part[:, :, None] * np.matmul(gradient.astype(eeg.dtype), eeg)
        eeg += change - change.mean(axis=1, keepdims=True)
        return error


def tangential_gradients(electrodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the derivatives of the potential along the scalp, at the electrodes.

    Parameters
    ----------
    electrodes : ndarray of shape (E, 3)
        Electrodes, mm.

    Returns
    -------
    gradients : ndarray of shape (2, E, E)
        From the potentials at the electrodes to their derivatives along two tangents, 1/mm.
    tangents : ndarray of shape (E, 2, 3)
        These tangents of the sphere of the electrodes: unit vectors, perpendicular to each other.

    Raises
    ------
    UserError
        If two electrodes are at one place.
    """
    centre, _ = head_sphere(electrodes)
    outward = electrodes - centre
    distance = np.linalg.norm(outward, axis=1)
    outward = outward / distance[:, None]
    count = len(electrodes)
    cosine = np.clip(outward @ outward.T, -1.0, 1.0)
    if (cosine[~np.eye(count, dtype=bool)] > 1 - 1e-10).any():
        raise UserError(
            "simulation.electrode_error_mm: two electrodes are at one place; give [0, 0]"
        )
    value, slope = _spline(cosine)
    system = np.ones((count + 1, count + 1))
    system[:count, :count] = value
    system[count, count] = 0.0
    # The weights of the spline through given potentials; those of a constant are all zero.
    weights = np.linalg.solve(system, np.eye(count + 1)[:, :count])[:count]
    along = tangents(outward)
    turning = np.einsum("ekd,id->kei", along, outward) / distance[None, :, None]
    return np.matmul(slope * turning, weights), along


def _spline(cosine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The spline's function of the cosine between two directions, and its derivative."""
    value, slope = np.zeros_like(cosine), np.zeros_like(cosine)
    before, here = np.ones_like(cosine), cosine
    slope_before, slope_here = np.zeros_like(cosine), np.ones_like(cosine)
    for n in range(1, TERMS + 1):
        factor = (2 * n + 1) / (n * (n + 1.0)) ** STIFFNESS
        value += factor * here
        slope += factor * slope_here
        following = ((2 * n + 1) * cosine * here - n * before) / (n + 1)
        slope_before, slope_here = slope_here, slope_before + (2 * n + 1) * here
        before, here = here, following
    return value, slope
