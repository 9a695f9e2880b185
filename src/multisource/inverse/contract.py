"""What a solver is: the contracts of the registry's entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

# The Snakefile reads the registry in every job: nothing heavy is imported here.
if TYPE_CHECKING:
    import mne
    import numpy as np

    from multisource.inverse.kernel import Kernel


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
    ) -> np.ndarray:
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

        Returns
        -------
        ndarray of shape (S, N)
            Maps, 0 or more; only their order within a window counts.
            ``inverse.kernel.post_process`` makes one from currents (N, T).
        """
        ...
