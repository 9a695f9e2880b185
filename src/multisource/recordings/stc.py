"""Maps of a recording as MNE source estimates."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from multisource.files import atomic

if TYPE_CHECKING:
    import mne


def source_estimate(
    maps: np.ndarray,
    times: np.ndarray,
    strength: np.ndarray,
    sources: mne.SourceSpaces,
    *,
    step_s: float,
    window_s: float,
) -> mne.SourceEstimate:
    """Make one MNE source estimate of the maps of a recording, one time per window.

    Windows that the recording lacks (bad spans) are zero, since MNE's times have no gaps.

    Parameters
    ----------
    maps : ndarray of shape (M, N)
        Maps; the scale of each is its window's own.
    times : ndarray of shape (M,)
        When each window starts, s; an estimate's time is the middle of its window.
    strength : ndarray of shape (M,)
        Of the EEG. Each map is multiplied by it, over its largest.
    sources : mne.SourceSpaces
        Whose vertices the dipoles are.
    step_s : float
        From one window to the next, s.
    window_s : float
        Length of a window, s.

    Returns
    -------
    mne.SourceEstimate
        The estimate.
    """
    import mne

    place = np.round((times - times[0]) / step_s).astype(int)
    data = np.zeros((maps.shape[1], place[-1] + 1), np.float32)
    data[:, place] = (maps * (strength / strength.max())[:, None]).T
    return mne.SourceEstimate(
        data,
        vertices=[part["vertno"] for part in sources],
        tmin=times[0] + window_s / 2,
        tstep=step_s,
        subject=sources[0]["subject_his_id"],
        verbose="error",
    )


def write_stc(left: str | Path, right: str | Path, estimate: mne.SourceEstimate) -> None:
    """Write a source estimate as two files, one per hemisphere.

    Parameters
    ----------
    left : str or Path
        The output ``<name>-lh.stc``.
    right : str or Path
        The output ``<name>-rh.stc``.
    estimate : mne.SourceEstimate
        What is written.
    """
    with atomic(left) as left_part, atomic(right) as right_part:
        stem = left_part.with_name("both")
        estimate.save(stem, ftype="stc", overwrite=True, verbose="error")
        os.replace(f"{stem}-lh.stc", left_part)
        os.replace(f"{stem}-rh.stc", right_part)
