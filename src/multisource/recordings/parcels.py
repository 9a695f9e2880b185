"""Time courses of the regions of the cortex."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from multisource.parcellation.dipoles import DipoleRegions


def parcel_table(
    maps: Mapping[str, np.ndarray],
    times: np.ndarray,
    strength: np.ndarray,
    regions: DipoleRegions,
    *,
    window_s: float,
) -> pd.DataFrame:
    """Average every map over each region.

    Parameters
    ----------
    maps : mapping of str to ndarray of shape (M, N)
        Maps of each method.
    times : ndarray of shape (M,)
        When each window starts, s.
    strength : ndarray of shape (M,)
        Root mean square of the EEG in each window, V.
    regions : DipoleRegions
        What is at each of the N dipoles.
    window_s : float
        Length of a window, s.

    Returns
    -------
    pandas.DataFrame
        One row per method and window: method, from_s, to_s, eeg_rms_uv, and a column for each
        region of the Desikan-Killiany atlas that holds a dipole on cortex, called as MNE-Python
        names labels (postcentral-lh), with the mean of the map over its dipoles. That is what
        ``mne.extract_label_time_course`` makes of the source estimate, whose maps are multiplied by
        the EEG's rms over its largest.
    """
    names = np.unique(regions.region[regions.cortex])
    member = np.stack([regions.region == name for name in names], axis=1)
    mean = member / member.sum(axis=0)
    frames = []
    for method, values in maps.items():
        frame = pd.DataFrame(np.asarray(values, float) @ mean, columns=names)
        frame.insert(0, "eeg_rms_uv", 1e6 * strength)
        frame.insert(0, "to_s", times + window_s)
        frame.insert(0, "from_s", times)
        frame.insert(0, "method", method)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
