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
    """Maps (M, N) as one source estimate on the vertices of ``sources``, a time a window.

    times: (M,) s, when each window starts; an estimate's time is the middle of its window. Each
    map, whose own scale is the window's, is multiplied by the strength (M,) of the EEG over its
    largest. Windows that the recording lacks (bad spans) are zero, since MNE's times have no gaps.
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
    """Write ``<name>-lh.stc`` and ``<name>-rh.stc`` atomically."""
    with atomic(left) as left_part, atomic(right) as right_part:
        stem = left_part.with_name("both")
        estimate.save(stem, ftype="stc", overwrite=True, verbose="error")
        os.replace(f"{stem}-lh.stc", left_part)
        os.replace(f"{stem}-rh.stc", right_part)
