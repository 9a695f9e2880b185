"""Source estimates of a head brought to fsaverage's cortex."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from multisource.geometry.surfaces import Surface

if TYPE_CHECKING:
    import mne

TEMPLATE = "fsaverage"


def on_template(
    estimate: mne.SourceEstimate,
    own: Mapping[str, Surface],
    template: Mapping[str, Surface],
) -> mne.SourceEstimate:
    """Bring a source estimate from a head's dipoles to all vertices of fsaverage.

    Parameters
    ----------
    estimate : mne.SourceEstimate
        On the dipoles of the head.
    own, template : mapping of str to Surface
        {lh,rh}.sphere.reg of the head and of fsaverage, mm.

    Returns
    -------
    mne.SourceEstimate
        On fsaverage. Each vertex has the values of the dipole that is nearest on the registered
        sphere, and not a mean over several, so that probabilities stay probabilities.
    """
    import mne

    chosen, start = [], 0
    for side, vertices in zip(("lh", "rh"), estimate.vertices, strict=True):
        name = f"{side}.sphere.reg"
        tree = cKDTree(_unit(own[name][0][vertices]))
        chosen.append(start + tree.query(_unit(template[name][0]))[1])
        start += len(vertices)
    return mne.SourceEstimate(
        estimate.data[np.concatenate(chosen)],
        vertices=[np.arange(len(one)) for one in chosen],
        tmin=estimate.tmin,
        tstep=estimate.tstep,
        subject=TEMPLATE,
        verbose="error",
    )


def _unit(points: np.ndarray) -> np.ndarray:
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))
