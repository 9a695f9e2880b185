"""Simulated samples as one labelled dataset (the file contract of ``chunks``)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from multisource.simulation.disturb import KINDS
from multisource.simulation.patches import Patches

if TYPE_CHECKING:
    from multisource.simulation.samples import Simulator


def join_patches(parts: Sequence[Patches]) -> Patches:
    """Patches of several blocks as one."""
    starts = np.r_[0, np.cumsum([p.offsets[-1] for p in parts])]
    return Patches(
        centres=np.concatenate([p.centres for p in parts]),
        extents_mm=np.concatenate([p.extents_mm for p in parts]),
        offsets=np.concatenate(
            [np.zeros(1, np.int64)]
            + [p.offsets[1:] + s for p, s in zip(parts, starts[:-1], strict=True)]
        ),
        dipoles=np.concatenate([p.dipoles for p in parts]),
        coefficients=np.concatenate([p.coefficients for p in parts]),
    )


def labelled(
    simulator: Simulator,
    *,
    eeg: np.ndarray,
    patches: Patches,
    extras: dict[str, tuple[tuple[str, ...], np.ndarray]],
    index: np.ndarray,
) -> xr.Dataset:
    """The dataset of the file contract: EEG, sparse truth, patches and what made them."""
    settings, models = simulator.settings, simulator.models
    return xr.Dataset(
        {
            "eeg": (("sample", "channel", "time"), eeg, {"units": "V"}),
            "truth_offset": (("boundary",), patches.offsets),
            "truth_dipole": (("active",), patches.dipoles),
            "truth_coefficient": (("active",), patches.truth.astype(np.float32)),
            "centre": (("sample", "patch"), patches.centres),
            "extent_mm": (("sample", "patch"), patches.extents_mm, {"units": "mm"}),
            **extras,
        },
        coords={
            "sample": index,
            "channel": simulator.channels,
            "time": ("time", np.arange(eeg.shape[2]) / settings.sfreq, {"units": "s"}),
            **({"kind": list(KINDS)} if "artefact" in extras else {}),
        },
        attrs={
            "seed": simulator.seed,
            "split": simulator.split,
            "sfreq": settings.sfreq,
            "n_dipoles": simulator.n_dipoles,
            "config": json.dumps(settings.to_dict(), sort_keys=True),
            "ar_models": ", ".join(models.names),
            "ar_source": models.source,
        },
    )
