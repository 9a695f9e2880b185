"""A trained network and what it has learnt about itself: from windows to maps and sources."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multisource.certainty.certainty import Sources, load_certainty, tell_sources
from multisource.network.prediction import predict
from multisource.network.weights import check_recording, load_network


@dataclass(frozen=True)
class Answers:
    """What a network says of S windows.

    Attributes
    ----------
    maps : ndarray of float32, shape (S, N)
        The map that dipoles are ranked by, 0..1.
    coefficients : ndarray of float32, shape (S, N), or None
        Expected coefficients l, of a network that tells them from P(active).
    sources : Sources or None
        The sources that it names; None if how sure it is could not be learnt.
    """

    maps: np.ndarray
    coefficients: np.ndarray | None
    sources: Sources | None


class TrainedNetwork:
    """A network of a study, from its files.

    Parameters
    ----------
    weights, settings : str or path-like
        ``network/{network}/weights.safetensors`` and ``settings.json``.
    certainty : str or path-like
        ``network/{network}/certainty.json``.
    positions : ndarray of shape (N, 3)
        Of the dipoles, mm.

    Attributes
    ----------
    network : torch.nn.Module
        The network.
    certainty : Certainty or None
        What it has learnt about itself.
    positions : ndarray of shape (N, 3)
        As given.
    """

    def __init__(
        self,
        weights: str | os.PathLike[str],
        settings: str | os.PathLike[str],
        certainty: str | os.PathLike[str],
        positions: np.ndarray,
    ) -> None:
        self.network, self._settings = load_network(os.fspath(weights), os.fspath(settings))
        self.certainty = load_certainty(os.fspath(certainty))
        self.positions = positions

    def check(self, channels: Sequence[str], n_times: int) -> None:
        """Refuse windows that are not like those that the network was trained on.

        Parameters
        ----------
        channels : sequence of str
            Names of the windows' channels.
        n_times : int
            Samples of a window.

        Raises
        ------
        UserError
            For other channels, another order of them, or windows of another length.
        """
        check_recording(self._settings, channels, n_times)

    def __call__(
        self, eeg: np.ndarray, channels: Sequence[str], *, threads: int | None = None
    ) -> Answers:
        """Say what is active in windows.

        Parameters
        ----------
        eeg : ndarray of shape (S, E, T)
            Windows, V.
        channels : sequence of str
            Names of the E channels.
        threads : int, optional
            Threads on the processor; None: torch's number.

        Returns
        -------
        Answers
            Of every window.

        Raises
        ------
        UserError
            If the network was trained on other channels or windows of another length.
        """
        self.check(channels, eeg.shape[2])
        found = predict(self.network, eeg, threads=threads)
        said = None
        if self.certainty is not None:
            said = tell_sources(self.certainty, found.estimate, found.likely, self.positions)
        return Answers(found.estimate, found.coefficient, said)
