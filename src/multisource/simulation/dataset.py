"""Simulated samples as one labelled dataset (the file contract of ``chunks``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from multisource.simulation.ar import ARModels
from multisource.simulation.settings import Settings
from multisource.simulation.truth import SparseTruth


def labelled(
    *,
    eeg: np.ndarray,
    truth: SparseTruth,
    extents_mm: np.ndarray,
    extras: Mapping[str, tuple[tuple[str, ...], np.ndarray]],
    index: np.ndarray,
    channels: Sequence[str],
    settings: Settings,
    models: ARModels,
    seed: int,
    split: str,
) -> xr.Dataset:
    """Return the dataset of the file contract: EEG, sparse truth, patches and what made them.

    Parameters
    ----------
    eeg : ndarray of shape (S, E, T)
        Samples, V, float32.
    truth : SparseTruth
        Truth of the samples.
    extents_mm : ndarray of shape (S, P)
        Diameters of their patches, mm, 0 for none.
    extras : mapping of str to tuple
        What else was drawn for a sample: name -> (dimensions, values).
    index : ndarray of shape (S,)
        Number of each sample in its split.
    channels : sequence of str
        E names.
    settings : Settings
        Settings that the samples were made with.
    models : ARModels
        AR models of their sources.
    seed : int
        Seed of the study.
    split : str
        Name of the split.

    Returns
    -------
    xarray.Dataset
        The samples, in the form that ``chunks`` describes.
    """
    return xr.Dataset(
        {
            "eeg": (("sample", "channel", "time"), eeg, {"units": "V"}),
            **truth.variables(),
            "extent_mm": (("sample", "patch"), extents_mm, {"units": "mm"}),
            **extras,
        },
        coords={
            "sample": index,
            "channel": list(channels),
            "time": ("time", np.arange(eeg.shape[2]) / settings.sfreq, {"units": "s"}),
            **({"disturbance": sorted(settings.events)} if settings.events else {}),
        },
        attrs={
            "seed": seed,
            "split": split,
            "sfreq": settings.sfreq,
            "n_dipoles": truth.n_dipoles,
            "config": json.dumps(settings.to_dict(), sort_keys=True),
            "ar_models": ", ".join(models.names),
            "ar_source": models.source,
            # What the numbers of the variable operator stand for.
            **({"operators": ", ".join(settings.operator)} if "operator" in extras else {}),
        },
    )
