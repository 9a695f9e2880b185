"""Continuous EEG of fixed patches (the paper's scenarios), cut into windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from multisource.errors import UserError
from multisource.simulation import streams
from multisource.simulation.ar import stationary_series
from multisource.simulation.patches import Patches
from multisource.simulation.project import mixing
from multisource.simulation.samples import Simulator
from multisource.simulation.synchronise import centre_classes, continuous_centres


def continuous_eeg(
    simulator: Simulator,
    patches: Patches,
    *,
    n_times: int,
    generator: np.random.Generator,
    amplitudes: np.ndarray | None = None,
    operator: int = 0,
) -> np.ndarray:
    """Draw the EEG of one set of patches, stationary from its first sample.

    Parameters
    ----------
    simulator : Simulator
        Head, AR models and settings.
    patches : Patches
        Patches of one sample, their dipoles ordered by class.
    n_times : int
        Length in samples.
    generator : numpy.random.Generator
        What the sources are drawn from.
    amplitudes : ndarray of shape (P,), optional
        Amplitude of each patch, as a factor; all 1 if None.
    operator : int
        Number of the operator, where the simulator has several.

    Returns
    -------
    ndarray of shape (E, n_times)
        EEG, V, float64.
    """
    settings, models = simulator.settings, simulator.models
    projector = simulator.projectors[operator]
    given = None if amplitudes is None else amplitudes[None]
    n_series = projector.dewhiten.shape[1]
    mixed = mixing(projector, patches, boost=settings.boost, amplitudes=given)[0].T
    white = np.zeros((n_series, n_times))
    for m, a in enumerate(models.coefficients):
        factor = mixed[:, m * n_series : (m + 1) * n_series]
        white += factor @ stationary_series(a, n_series, n_times, generator)
    rho = settings.patch_correlation
    kinds = centre_classes(simulator.classes, patches.truth.centre, rho)[0]
    centres = continuous_centres(kinds, models, n_times, rho, generator)
    white += mixed[:, n_series * len(models.coefficients) :] @ centres
    return settings.background_nam * 1e-9 * (projector.dewhiten @ white)


def simulate_continuous(
    simulator: Simulator,
    centres: Sequence[int],
    extents_mm: Sequence[float],
    *,
    duration_s: float,
) -> xr.Dataset:
    """Simulate the continuous EEG of given patches as consecutive windows; sample = window.

    A rest shorter than a window is dropped.

    Parameters
    ----------
    simulator : Simulator
        Head, AR models, settings, seed and split.
    centres : sequence of int
        Dipole index of each patch's centre.
    extents_mm : sequence of float
        Diameter of each patch, mm.
    duration_s : float
        Length of the recording, s.

    Returns
    -------
    xarray.Dataset
        The windows, in the form that ``chunks`` describes.

    Raises
    ------
    UserError
        If the duration holds no window, centres repeat, or their number is not that of the extents.
    """
    settings, seed, split = simulator.settings, simulator.seed, simulator.split
    n_windows = settings.windows_in(duration_s)
    if len(centres) != len(extents_mm) or len(centres) == 0:
        raise UserError(f"{split}: {len(centres)} centres but {len(extents_mm)} extents")
    if len(set(centres)) < len(centres):
        raise UserError(f"{split}: centres {list(centres)} name a dipole twice; give distinct ones")
    patches = simulator.drawer.fill([centres], [extents_mm])
    low, high = settings.amplitude_ratio
    amplitudes = streams.generator(seed, split, "amplitudes").uniform(low, high, len(centres))
    amplitudes[0] = 1.0
    # A recording is one head: that of its first sample.
    operator = simulator.operators(np.zeros(1, np.uint64))
    eeg = continuous_eeg(
        simulator,
        patches,
        n_times=n_windows * settings.n_times,
        generator=streams.generator(seed, split, "recording"),
        amplitudes=amplitudes,
        operator=int(operator[0]),
    )
    extras = simulator.disturbances.on_continuous(eeg, seed, split)
    if len(simulator.projectors) > 1:
        extras["operator"] = ("sample",), operator
    if not low == high == 1:
        extras["amplitude"] = ("sample", "patch"), amplitudes[None]
    windows = eeg.reshape(len(eeg), n_windows, settings.n_times).transpose(1, 0, 2)
    return simulator.dataset(
        eeg=windows.astype(np.float32),
        truth=patches.truth.repeated(n_windows),
        extents_mm=np.repeat(patches.extents_mm, n_windows, axis=0),
        extras={
            name: (dims, values if len(values) == n_windows else np.repeat(values, n_windows, 0))
            for name, (dims, values) in extras.items()
        },
        index=np.arange(n_windows),
    )
