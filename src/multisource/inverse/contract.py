"""What a solver is: the contracts of the registry's entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

# The Snakefile reads the registry in every job: nothing heavy is imported here.
if TYPE_CHECKING:
    import mne
    import numpy as np

    from multisource.inverse.kernel import Kernel
    from multisource.netcdf import Variable


@dataclass(frozen=True)
class Study:
    """What a solver may know of how the sources behave.

    Attributes
    ----------
    simulation : mapping
        Section ``simulation`` of the configuration, as ``simulation.settings`` reads it.
    ar_models : str
        YAML of the time courses.
    sources : str
        Table of the dipoles.
    seed : int
        Seed of the study.
    """

    simulation: Mapping[str, Any]
    ar_models: str
    sources: str
    seed: int


class Measured(NamedTuple):
    """What was measured of the background of a recording.

    Attributes
    ----------
    background_nam : float
        Standard deviation of a background dipole that gives the recording's amplitude, nAm.
    noise : float
        Variance of white sensor noise over the background's at the mean channel.
    """

    background_nam: float
    noise: float


@dataclass(frozen=True)
class Estimates:
    """What a solver says of windows.

    Attributes
    ----------
    maps : ndarray of shape (S, N)
        One map per window, 0 or more. A solver that takes long may leave out the last windows.
    coefficients : ndarray of shape (S, N) or None
        Expected l, of a solver whose maps are P(active).
    variables : mapping of str to tuple
        What else there is to say: name to dimensions, the first ``sample``, values and attributes.
    """

    maps: np.ndarray
    coefficients: np.ndarray | None = None
    variables: Mapping[str, Variable] = field(default_factory=dict)


class LinearSolver(Protocol):
    """A solver that is a matrix: a function called ``build_kernel``.

    The matrix is built once and applied to all windows. What follows the product, which is the
    norm of each dipole's vector, scaling and the mean over the window, is the same for all
    solvers (``inverse.kernel``).
    """

    def __call__(
        self,
        forward: mne.Forward,
        *,
        kind: str,
        snr: float,
        noise_covariance: np.ndarray | None,
    ) -> Kernel:
        """Build the kernel.

        Parameters
        ----------
        forward : mne.Forward
            Operator B, free orientation: gain (E, 3N) in V/(A m), columns x, y, z of each dipole.
        kind : str
            The entry's name in the registry; for a function that several names stand for.
        snr : float
            Amplitude signal-to-noise ratio of the average channel after whitening.
        noise_covariance : ndarray of shape (E, E) or None
            In V^2; None for white noise. A solver that asks for it has the option ``noise`` in the
            configuration.

        Returns
        -------
        Kernel
            Matrix (N * orientations, E), dipole-major, 1 or 3 orientations per dipole.
        """
        ...


class DataSolver(Protocol):
    """A solver that depends on the data: a function called ``estimate``."""

    def __call__(
        self,
        forward: mne.Forward,
        eeg: np.ndarray,
        *,
        kind: str,
        snr: float,
        noise_covariance: np.ndarray | None,
        sfreq: float,
        study: Study | None,
        measured: Measured | None,
        proposal: np.ndarray | None,
        true_sources: Sequence[int] | None,
    ) -> np.ndarray | Estimates:
        """Estimate the maps of windows.

        Parameters
        ----------
        forward : mne.Forward
            Operator B, free orientation: gain (E, 3N) in V/(A m), columns x, y, z of each dipole.
        eeg : ndarray of shape (S, E, T)
            Windows in V.
        kind : str
            As for :class:`LinearSolver`.
        snr : float
            As for :class:`LinearSolver`.
        noise_covariance : ndarray of shape (E, E) or None
            As for :class:`LinearSolver`.
        sfreq : float
            Sampling rate of the windows in Hz.
        study : Study or None
            How the study's sources behave.
        measured : Measured or None
            Of a recording, what its background is.
        proposal : ndarray of shape (S, N) or None
            Maps of the same windows by a network. A solver that asks for it has the option
            ``proposal`` in the configuration, the network's name.
        true_sources : sequence of int of length S or None
            The true number of sources of each window, which no method knows in practice: given only
            to a solver with an option that says ``true_number``, so that a table shows it.

        Returns
        -------
        ndarray of shape (S, N) or Estimates
            Maps, 0 or more; only their order within a window counts.
            ``inverse.kernel.post_process`` makes one from currents (N, T).
        """
        ...
