"""What chunks of samples say of the sensor noise in each window."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

import numpy as np

from multisource.errors import UserError
from multisource.netcdf import read_arrays
from multisource.simulation.settings import Settings, settings_from


def read_noise(paths: Sequence[str | os.PathLike[str]]) -> tuple[Settings, np.ndarray]:
    """Read what the windows of chunks were made with, and how much sensor noise is in each.

    Parameters
    ----------
    paths : sequence of path-like
        Chunks of one split.

    Returns
    -------
    settings : Settings
        Of the split.
    snr_db : ndarray of shape (S,)
        Power of a window over that of the sensor noise in it, dB; inf without noise.

    Raises
    ------
    UserError
        Naming the file, if it is missing, damaged or no chunk.
    """
    levels, config = [], ""
    for path in paths:
        found, said = read_arrays(path, "truth_offset", "snr_db")
        if "truth_offset" not in found or "config" not in said:
            raise UserError(f"{path}: no chunk of samples; remove the file and run again")
        config = str(said["config"])
        # A continuous scenario has one level for all its windows.
        windows = len(found["truth_offset"]) - 1
        levels.append(np.broadcast_to(found.get("snr_db", np.array(np.inf)), windows))
    return settings_from(json.loads(config)), np.concatenate(levels)
