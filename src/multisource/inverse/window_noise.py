"""The noise of each window, as a stretch of EEG before it would show it.

Who uses a beamformer or a sparse solver measures the noise before the stimulus. Such a stretch
holds the brain's background, as the head that made the windows shows it, and the noise of the
sensors. Here its covariance is known without sampling error.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from multisource.inverse.contract import Estimates, Measured
from multisource.inverse.kernel import average_reference
from multisource.simulation.noise_levels import read_noise
from multisource.simulation.settings import Settings, settings_from

# The script that applies a kernel imports this module, and needs neither MNE-Python nor SciPy,
# whose imports take longer than it does: the functions here import what needs them.
if TYPE_CHECKING:
    import xarray as xr

# White noise of the background's mean variance: it bounds how far an inverse trusts the directions
# that the brain hardly reaches, as in solver_leadfield.background_covariance.
_FLOOR = 1e-3
# Windows whose noise differs by less share a covariance: a kernel need not be built for each.
STEP_DB = 1.0


@dataclass(frozen=True)
class WindowNoise:
    """The noise of S windows.

    Attributes
    ----------
    covariances : ndarray of shape (K, E, E)
        Different covariances, V^2, average reference and a thousandth of white noise.
    member : ndarray of int, shape (S,)
        Which of them is that of each window.
    """

    covariances: np.ndarray
    member: np.ndarray

    def first(self, windows: int) -> WindowNoise:
        """Return those of the first windows.

        Parameters
        ----------
        windows : int
            How many.

        Returns
        -------
        WindowNoise
            Of these.
        """
        return WindowNoise(self.covariances, self.member[:windows])

    def ask(self, solve: Callable[[np.ndarray, np.ndarray], Estimates]) -> Estimates:
        """Solve all windows, those of one covariance together.

        Parameters
        ----------
        solve : callable
            Numbers of windows (W,) and their covariance (E, E) to the estimates of these windows.

        Returns
        -------
        Estimates
            Of all S windows, in their order.
        """
        groups = [np.flatnonzero(self.member == kind) for kind in range(len(self.covariances))]
        asked = [
            (windows, solve(windows, covariance))
            for windows, covariance in zip(groups, self.covariances, strict=True)
            if len(windows)
        ]
        order = np.argsort(np.concatenate([windows for windows, _ in asked]))
        parts = [found for _, found in asked]
        first = parts[0]
        coefficients = None
        if first.coefficients is not None:
            coefficients = np.concatenate([part.coefficients for part in parts])[order]
        variables = {
            name: (
                dims,
                np.concatenate([part.variables[name][1] for part in parts])[order],
                attributes,
            )
            for name, (dims, _, attributes) in first.variables.items()
        }
        maps = np.concatenate([part.maps for part in parts])[order]
        return Estimates(maps, coefficients, variables)


def window_noise(
    gain: np.ndarray,
    eeg: np.ndarray,
    snr_db: np.ndarray,
    settings: Settings,
    electrodes: np.ndarray | None = None,
) -> WindowNoise:
    """Return the noise of windows.

    Parameters
    ----------
    gain : ndarray of shape (E, N)
        Leadfield of the head that made the windows, dipoles along their normals, V/(Am).
    eeg : ndarray of shape (S, E, T)
        The windows, V.
    snr_db : ndarray of shape (S,)
        Ratio of the powers of a window and of the sensor noise in it, dB; inf without noise.
    settings : Settings
        What the windows were made with.
    electrodes : ndarray of shape (E, 3), optional
        Electrodes, mm, for noise that is correlated over the scalp.

    Returns
    -------
    WindowNoise
        Covariances, of windows whose noise differs by ``STEP_DB`` at most together. Eyes, muscles,
        bad channels and electrode errors are no part of them. Where a share of the windows has
        noise correlated over the scalp, each is given the mean over the kinds.
    """
    from multisource.simulation.noise import spatial_factor

    channels = len(gain)
    gain = gain - gain.mean(axis=0)
    background = (1e-9 * settings.background_nam) ** 2 * gain @ gain.T
    background += _FLOOR * np.trace(background) / channels * np.eye(channels)
    share = settings.noise.correlated
    kinds = [(share, settings.noise.spatial_mm), (1 - share, 0.0)]
    factors = [(part, spatial_factor(channels, electrodes, mm)) for part, mm in kinds if part]
    shape = sum(part * factor @ factor.T for part, factor in factors)
    # What is measured is the power with the noise.
    ratio = 10 ** (-np.asarray(snr_db, float) / 10)
    power = np.mean(np.square(eeg, dtype=float), axis=(1, 2)) * ratio / (1 + ratio)
    levels = np.full(len(eeg), -np.inf)
    noisy = power > 0
    levels[noisy] = np.round(10 * np.log10(power[noisy]) / STEP_DB) * STEP_DB
    different, member = np.unique(levels, return_inverse=True)
    covariances = np.stack([background + 10 ** (level / 10) * shape for level in different])
    return WindowNoise(covariances, member)


def read_window_noise(
    forwards: Iterable[str | os.PathLike[str]],
    electrodes: str | os.PathLike[str],
    operators: Mapping[str, str],
) -> Callable[[str, Sequence[str], np.ndarray], WindowNoise]:
    """Return what reads the noise of a scenario's windows.

    Parameters
    ----------
    forwards : iterable of path-like
        The operators that made windows, ``leadfield/{operator}-fwd.fif``.
    electrodes : path-like
        File ``anatomy/electrodes.tsv``.
    operators : mapping of str to str
        Scenario to the name of the operator that made it.

    Returns
    -------
    callable
        Name of the scenario, the files of its windows and their EEG (S, E, T), V, to
        :class:`WindowNoise`.
    """
    from multisource.anatomy.electrodes import read_electrodes
    from multisource.leadfield.forward import read_leadfields

    files = {Path(path).name.removesuffix("-fwd.fif"): path for path in forwards}
    positions = read_electrodes(Path(electrodes)).positions

    # The last one is kept, for scenarios with the same operator.
    @lru_cache(maxsize=1)
    def gain_of(name: str) -> np.ndarray:
        (leadfield,) = read_leadfields(files[name])
        return leadfield.fixed

    def of_scenario(scenario: str, paths: Sequence[str], eeg: np.ndarray) -> WindowNoise:
        settings, snr_db = read_noise(paths)
        return window_noise(gain_of(operators[scenario]), eeg, snr_db, settings, positions)

    return of_scenario


def noise_of_windows(
    windows: xr.Dataset, forward: str | os.PathLike[str], electrodes: str | os.PathLike[str]
) -> WindowNoise:
    """Return the noise of windows that were just simulated.

    Parameters
    ----------
    windows : xarray.Dataset
        Samples as ``simulation.samples.simulate_samples`` makes them, perhaps of fewer channels.
    forward : path-like
        The operator that made them, which may have more channels.
    electrodes : path-like
        File ``anatomy/electrodes.tsv``.

    Returns
    -------
    WindowNoise
        Of all of them.
    """
    from multisource.anatomy.electrodes import read_electrodes
    from multisource.leadfield.forward import read_leadfields

    channels = [str(name) for name in windows["channel"].values]
    (leadfield,) = read_leadfields(forward)
    eeg = windows["eeg"].values
    snr_db = windows["snr_db"].values if "snr_db" in windows else np.full(len(eeg), np.inf)
    return window_noise(
        leadfield.of_channels(channels).fixed,
        eeg - eeg.mean(axis=1, keepdims=True),
        snr_db,
        settings_from(json.loads(windows.attrs["config"])),
        read_electrodes(Path(electrodes)).chosen(channels).positions,
    )


def measured_of(gain: np.ndarray, covariance: np.ndarray) -> Measured:
    """Say how strong the noise is, for a solver that is given its covariance.

    Parameters
    ----------
    gain : ndarray of shape (E, N)
        Leadfield that the solver is given, dipoles along their normals, average reference.
    covariance : ndarray of shape (E, E)
        The noise's, V^2.

    Returns
    -------
    Measured
        The moment of independent dipoles all over the cortex whose EEG is as strong.
    """
    power = np.trace(average_reference(len(covariance)) @ covariance)
    return Measured(1e9 * float(np.sqrt(power / (gain**2).sum())), 0.0)
