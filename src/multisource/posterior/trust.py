"""How far a window's likelihood can be believed where the leadfield is not the one that made it.

The error of a topography is the same in all samples of a window: it does not average out as noise
does. A likelihood of T samples counts it T times, and is too sure by that. Raised to a power below
1 it is as wide as it should be: a low one where the brain's EEG, patches and background, is all
that is seen, a higher one where noise is, which has no such error.
"""

from __future__ import annotations

import numpy as np

from multisource.posterior.model import Spectra

# One over the power, where noise is all that is seen, and what is added where there is none: by
# these regions are as wide as they should be, for boundary elements on windows that finite elements
# made (docs/experiments.md).
NOISE, BRAIN = 3.0, 5.4


def trust(spectra: Spectra, noise: float) -> float:
    """Return the power that the likelihood is raised to.

    Parameters
    ----------
    spectra : Spectra
        Noise and time courses.
    noise : float
        Variance of white sensor noise over the background's at the mean channel.

    Returns
    -------
    float
        From .12 without noise to .33.
    """
    sizes = np.diff(spectra.group) / spectra.roots.shape[1]
    brain = 1 / (1 + noise * spectra.level[:, None] * spectra.noise)
    return float(1 / (NOISE + BRAIN * (sizes @ brain.mean(axis=1))))
