"""Maps from a trained network."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from multisource.errors import UserError
from multisource.network.devices import reproducible, resolve_device
from multisource.progress import progress


class Maps(NamedTuple):
    """What a network says of S windows.

    Attributes
    ----------
    estimate : ndarray of float32, shape (S, N)
        The map that dipoles are ranked by, 0..1.
    coefficient : ndarray of float32, shape (S, N), or None
        Expected coefficients l, of a network that tells them from P(active).
    """

    estimate: np.ndarray
    coefficient: np.ndarray | None

    @property
    def likely(self) -> np.ndarray:
        """The map that is highest at a patch's centre: the coefficients, if there are any."""
        return self.estimate if self.coefficient is None else self.coefficient


def predict(
    network: nn.Module,
    eeg: np.ndarray,
    *,
    batch_size: int = 512,
    device: str = "auto",
    threads: int | None = None,
) -> Maps:
    """Estimate the activity of every dipole and window.

    Parameters
    ----------
    network : torch.nn.Module
        Maps EEG (B, E, T) in V to logits (B, N) or (B, 2, N).
    eeg : ndarray of shape (S, E, T)
        EEG, V.
    batch_size : int, optional
        Windows at a time.
    device : str, optional
        As for :func:`~multisource.network.devices.resolve_device`.
    threads : int, optional
        Threads on the processor; None: torch's number.

    Returns
    -------
    Maps
        The maps.

    Raises
    ------
    UserError
        If ``eeg`` is not three-dimensional or holds a value that is not finite.
    """
    return map_windows(network, network, eeg, batch_size=batch_size, device=device, threads=threads)


def map_windows(
    network: nn.Module,
    logits: Callable[[torch.Tensor], torch.Tensor],
    eeg: np.ndarray,
    *,
    batch_size: int = 512,
    device: str = "auto",
    threads: int | None = None,
) -> Maps:
    """Estimate as :func:`predict`, by a function of the network's parts.

    Parameters
    ----------
    network : torch.nn.Module
        The network, which is moved to the device and set to evaluation.
    logits : callable
        Windows (B, E, T) in V to logits (B, N) or (B, 2, N).
    eeg : ndarray of shape (S, E, T)
        EEG, V.
    batch_size : int, optional
        As for :func:`predict`.
    device : str, optional
        As for :func:`predict`.
    threads : int, optional
        As for :func:`predict`.

    Returns
    -------
    Maps
        The maps.

    Raises
    ------
    UserError
        As :func:`predict` does.
    """
    if eeg.ndim != 3:
        raise UserError(f"eeg: shape {eeg.shape}; needs (samples, channels, times)")
    if not np.isfinite(eeg).all():
        raise UserError("eeg: a value is not finite; check the recording")
    place = resolve_device(device)
    maps = []
    with reproducible(0, threads=threads), torch.no_grad():
        network.to(place).eval()
        for start in progress("network", range(0, len(eeg), batch_size), unit="batch"):
            part = torch.from_numpy(eeg[start : start + batch_size].astype(np.float32, copy=False))
            maps.append(torch.sigmoid(logits(part.to(place))).cpu().numpy())
    said = np.concatenate(maps) if maps else np.empty((0, 0), dtype=np.float32)
    return Maps(said, None) if said.ndim == 2 else Maps(said[:, 0], said[:, 1])
