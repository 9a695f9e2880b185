"""The forward model of a study, from the study's files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from multisource.leadfield.forward import read_leadfields
from multisource.network.contract import ForwardModel
from multisource.simulation.ar import mean_autocovariance
from multisource.simulation.ar_io import read_models


def read_forward_model(
    forward: str | Path | Sequence[str | Path],
    ar_models: str | Path,
    *,
    sfreq: float,
    n_times: int,
    channels: Sequence[str] | None = None,
) -> ForwardModel:
    """Read what is known of the EEG before any window is seen.

    Parameters
    ----------
    forward : path-like or sequence of path-like
        File of the operator that the windows are seen through (A: ``leadfield/fem-fwd.fif``), or of
        each of several that are equally likely: the background is then that of their mean
        covariance.
    ar_models : path-like
        YAML of the time courses.
    sfreq : float
        Sampling rate, Hz.
    n_times : int
        T, samples of a window.
    channels : sequence of str, optional
        Names of the electrodes in use; all by default.

    Returns
    -------
    ForwardModel
        The model.

    Raises
    ------
    UserError
        If one file is of other channels or dipoles than the first.
    """
    operators = read_leadfields(forward)
    used = operators[0].channels if channels is None else channels
    gains = [np.asarray(operator.of_channels(used).fixed, float) for operator in operators]
    return ForwardModel(
        # Side by side, so that gain @ gain.T is the mean over the operators.
        gain=np.concatenate(gains, axis=1) / np.sqrt(len(gains)),
        positions=np.asarray(operators[0].positions, float),
        autocovariance=mean_autocovariance(read_models(ar_models, sfreq=sfreq), n_times),
    )
