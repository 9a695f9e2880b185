"""What is said of the sources, as variables of an estimates file."""

from __future__ import annotations

import numpy as np

from multisource.certainty.certainty import Sources
from multisource.netcdf import Variable


def as_variables(said: Sources) -> dict[str, Variable]:
    """Return the variables, named as the patch posterior names its own.

    Parameters
    ----------
    said : Sources
        Of S windows.

    Returns
    -------
    dict of str to tuple
        Name to dimensions, values and attributes: ``presence (sample)``, ``number_probability
        (sample, number)``, ``source_centre`` (a dipole, -1 where there are fewer),
        ``source_probability (sample, source)`` and ``source_radius_mm (sample, source, level)``,
        for the levels of :data:`multisource.certainty.levels.LEVELS`.
    """
    single = np.float32
    return {
        "presence": (
            ("sample",),
            said.presence.astype(single),
            {"long_name": "probability that there is a source"},
        ),
        "number_probability": (
            ("sample", "number"),
            said.number.astype(single),
            {"long_name": "probability of each number of sources, from none"},
        ),
        "source_centre": (("sample", "source"), said.centre.astype(np.int32), {}),
        "source_probability": (("sample", "source"), said.probability.astype(single), {}),
        "source_radius_mm": (
            ("sample", "source", "level"),
            said.radius_mm.astype(single),
            {"units": "mm"},
        ),
    }
