"""What a network says of a recording, given what is ordinary in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from multisource.certainty.certainty import tell_sources
from multisource.network.answers import Answers, TrainedNetwork
from multisource.recordings.ordinary import Ordinary


def ask_network(
    network: TrainedNetwork,
    eeg: np.ndarray,
    channels: Sequence[str],
    ordinary: Ordinary,
    *,
    threads: int | None = None,
) -> Answers:
    """Ask a network what is active in the windows of a recording.

    Parameters
    ----------
    network : TrainedNetwork
        The network.
    eeg : ndarray of shape (S, E, T)
        Windows, V.
    channels : sequence of str
        Names of the E channels.
    ordinary : Ordinary
        What was measured of the recording.
    threads : int, optional
        Threads on the processor; None: torch's number.

    Returns
    -------
    Answers
        Of every window: the maps times the probability that there is anything, and the sources.

    Raises
    ------
    UserError
        If the network was trained on other channels or windows of another length.
    """
    from multisource.recordings.measured import show_recording

    network.check(channels, eeg.shape[2])
    shown = show_recording(network.network, eeg, ordinary, threads=threads)
    said = None
    if network.certainty is not None:
        said = tell_sources(
            network.certainty,
            shown.maps.estimate,
            shown.maps.likely,
            network.positions,
            presence=shown.presence,
        )
    return Answers(*shown.weighted, said)
