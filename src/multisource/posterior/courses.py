"""The time courses of patches, given their places: Gaussian, so mean and variance are exact."""

from __future__ import annotations

import numpy as np

from multisource.posterior.likelihood import evaluate
from multisource.posterior.model import PatchModel
from multisource.posterior.room import BOOST, SCALE, Scratch, Terms
from multisource.posterior.states import States


def time_courses(
    model: PatchModel, window: np.ndarray, these: States, at: int, room: Scratch, parts: Terms
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of the courses of the dipoles at the patches' centres.

    Parameters
    ----------
    model : PatchModel
        The model.
    window : ndarray of shape (r, T)
        The whitened window.
    these : States
        States of the patches.
    at : int
        Which state.
    room : Scratch
        Room for the likelihood.
    parts : Terms
        Parts of at least one state; the first is overwritten.

    Returns
    -------
    mean : ndarray of shape (n, T)
        Relative to the standard deviation of a background dipole.
    variance : ndarray of shape (n, T)
        Of the same.
    """
    spectra, n = model.spectra, int(these.number[at])
    values, course = these.values[at], these.course[at, :n]
    evaluate(model.geometry, spectra, window, these, at, room, parts, 0)
    n_times = spectra.roots.shape[1]
    n_groups = int(parts.groups[0])
    lower = parts.inner[0, :n_groups, :n, :n]
    inner = np.where(np.tri(n, dtype=bool), lower, lower.swapaxes(1, 2))
    inner = np.repeat(inner, np.diff(spectra.group) if n_groups > 1 else n_times, axis=0)
    roots = np.where(course[:, None] >= 0, spectra.roots[course], 1.0).T
    # Of the courses over their own standard deviations.
    precision = np.eye(n) + roots[:, :, None] * inner * roots[:, None, :]
    covariance = np.linalg.inv(precision)
    mean = np.einsum("kpq,kq->kp", covariance, roots * parts.outer[0, :n].T) * roots
    spread = np.einsum("kpp->kp", covariance) * roots**2
    back = model.from_whitened
    # The window over the scale is what the model explains.
    boost = values[BOOST] * these.gain[at, :n, None]
    return boost * (mean.T @ back), (boost * values[SCALE]) ** 2 * (spread.T @ back**2)
