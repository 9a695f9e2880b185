"""Training batches changed at random by what leaves a sample as likely as it was."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from multisource.network.samples import Windows


def augmented_batch(
    windows: Windows,
    rows: np.ndarray,
    rng: np.random.Generator,
    *,
    sign_flip: bool,
    time_reversal: bool,
    superpose: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Return EEG and truth of samples, changed as ``TrainingOptions`` says.

    Parameters
    ----------
    windows : Windows
        All training samples.
    rows : ndarray of int, shape (B,)
        Those of the batch.
    rng : numpy.random.Generator
        Where the changes come from.
    sign_flip : bool
        Whether to change the sign of half of the samples.
    time_reversal : bool
        Whether to reverse half of the samples in time.
    superpose : float, optional
        Share of the samples that another one is added to, where the two have few enough patches.

    Returns
    -------
    eeg : Tensor of shape (B, E, T)
        EEG, V.
    truth : Tensor of shape (B, N)
        Coefficients l.
    """
    eeg, truth = _turned(windows, rows, rng, sign_flip, time_reversal)
    if superpose:
        chosen, partners = _pairs(windows.truth.n_patches, rows, rng, superpose)
        if len(chosen):
            more, of_more = _turned(windows, partners, rng, sign_flip, time_reversal)
            eeg[chosen] = (eeg[chosen] + more) / math.sqrt(2)
            truth[chosen] = torch.maximum(truth[chosen], of_more)
    return eeg, truth


def _turned(
    windows: Windows,
    rows: np.ndarray,
    rng: np.random.Generator,
    sign_flip: bool,
    time_reversal: bool,
) -> tuple[Tensor, Tensor]:
    eeg = torch.from_numpy(windows.eeg[rows])
    if sign_flip:
        sign = rng.choice(np.array([-1, 1], np.float32), size=(len(rows), 1, 1))
        eeg = eeg * torch.from_numpy(sign)
    if time_reversal:
        reverse = torch.from_numpy(rng.random((len(rows), 1, 1)) < 0.5)
        eeg = torch.where(reverse, eeg.flip(2), eeg)
    return eeg, torch.from_numpy(windows.truth.dense(rows))


def _pairs(
    n_patches: np.ndarray, rows: np.ndarray, rng: np.random.Generator, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Places in the batch that get a partner, and the partners, of few enough patches."""
    room = n_patches.max() - n_patches[rows]
    chosen = np.flatnonzero((rng.random(len(rows)) < share) & (room >= n_patches.min()))
    by_count = np.argsort(n_patches, kind="stable")
    fitting = np.searchsorted(n_patches[by_count], room[chosen], side="right")
    return chosen, by_count[(rng.random(len(chosen)) * fitting).astype(int)]
