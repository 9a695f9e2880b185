"""The sources that methods name in a recording, and how sure they are of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from nibabel.affines import apply_affine

from multisource.certainty.certainty import Sources
from multisource.certainty.levels import LEVELS
from multisource.evaluation.sources import SAID
from multisource.recordings.peaks import strongest_moments

RADII = tuple(f"within_{100 * level:.0f}_mm" for level in LEVELS)
COLUMNS = (
    "method",
    "from_s",
    "to_s",
    "presence",
    "number",
    "source",
    "probability",
    "x_mm",
    "y_mm",
    "z_mm",
    "mni_x",
    "mni_y",
    "mni_z",
    *RADII,
)


def named_table(
    said: Mapping[str, Sources],
    which: np.ndarray,
    times: np.ndarray,
    strength: np.ndarray,
    positions: np.ndarray,
    to_mni: np.ndarray,
    *,
    window_s: float,
) -> pd.DataFrame:
    """List the sources that methods name at the strongest moments.

    Parameters
    ----------
    said : mapping of str to Sources
        What each method that names sources says of the S windows.
    which : ndarray of int, shape (S,)
        Moment of each window.
    times : ndarray of shape (M,)
        When each moment's windows start, s.
    strength : ndarray of shape (M,)
        Root mean square of the EEG at each moment, V.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm, surface RAS of the head.
    to_mni : ndarray of shape (4, 4)
        From these to mm of MNI152.
    window_s : float
        Length of a window, s.

    Returns
    -------
    pandas.DataFrame
        One row per method, moment and source of a probability of one half or more; one row without
        a source where none is so probable. presence: that there is any source, NaN where the method
        cannot tell; number: the most probable one; the place, and the distances within which the
        true centre lies in 50, 80 and 95 % of such cases, mm. Of a moment with several epochs,
        which may each show other sources, the epoch whose first source is the most probable stands
        for all, with the mean of the presence.
    """
    mni = apply_affine(to_mni, positions)
    rows = []
    for method, told in said.items():
        for moment in strongest_moments(times, strength, apart_s=window_s):
            windows = np.flatnonzero(which == moment)
            window = windows[np.nan_to_num(told.probability[windows, 0]).argmax()]
            head = {
                "method": method,
                "from_s": times[moment],
                "to_s": times[moment] + window_s,
                "presence": told.presence[windows].mean(),
                "number": int(told.number[windows].mean(axis=0).argmax()),
            }
            centres, probabilities = told.centre[window], told.probability[window]
            sure = np.flatnonzero((centres >= 0) & (probabilities >= SAID))
            for k in sure:
                place = dict(zip(("x_mm", "y_mm", "z_mm"), positions[centres[k]], strict=True))
                place |= dict(zip(("mni_x", "mni_y", "mni_z"), mni[centres[k]], strict=True))
                place |= dict(zip(RADII, told.radius_mm[window, k], strict=True))
                rows.append(head | {"source": int(k) + 1, "probability": probabilities[k]} | place)
            if not len(sure):
                rows.append(head)
    return pd.DataFrame(rows, columns=list(COLUMNS))
