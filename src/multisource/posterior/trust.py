"""How far a window's likelihood can be believed where the leadfield is not the one that made it.

The error of a topography is the same in all samples of a window: it does not average out as noise
does. A likelihood of T samples counts it T times, and is too sure by that. Raised to a power it is
as wide as it should be: with noise of variance 1 and an error e^2 of the patches' power q, each in
the mean over whitened coordinates, T samples tell the place to 1 / (T q) + e^2 of it, not to
1 / (T q), so that the power is 1 / (1 + e^2 T q).
"""

from __future__ import annotations

import numpy as np

from multisource.posterior.model import Spectra
from multisource.posterior.room import Terms

# e^2 by which regions are as wide as they should be, for boundary elements on windows that finite
# elements made: docs/experiments.md.
ERROR = 0.32
# The background's covariance is wrong too: where nothing is, a higher power takes that for patches.
MOST = 0.4


def trust(spectra: Spectra, parts: Terms, at: int, n: int, *, error: float = ERROR) -> float:
    """Return the power that the likelihood is raised to.

    Parameters
    ----------
    spectra : Spectra
        Noise and time courses.
    parts : Terms
        Parts of the likelihood of several states.
    at : int
        The state whose patches are taken for the true ones.
    n : int
        Number of its patches.
    error : float
        e^2, the topographies' error over their own power.

    Returns
    -------
    float
        At most ``MOST``, less the stronger the patches are over background and noise.
    """
    groups = int(parts.groups[at])
    sizes = np.diff(spectra.group) if groups > 1 else np.array([spectra.roots.shape[1]])
    power = (parts.divided[at, :groups, :n] ** 2).sum(axis=1).mean(axis=1)
    return float(min(MOST, 1 / (1 + error * (sizes @ power))))
