"""Simulated recordings whose background is not what the leadfield predicts, as real EEG's is not.

A network that has only seen a background of equal, independent dipoles takes any other for sources.
So here each recording has a background of its own: stronger in some parts of the cortex than in
others, with weak patches that come and go, another spectrum, and noise of its own level. Its
windows are whitened as a recording's are, by what is ordinary in it.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import torch

from multisource.network.covariance import Whitened
from multisource.network.sblnet import Sblnet
from multisource.recordings.measured import Whitening, whitenings_of
from multisource.simulation.disturb import Disturbances
from multisource.simulation.noise import spatial_factor
from multisource.simulation.patches import Patches
from multisource.simulation.project import prepare
from multisource.simulation.samples import Simulator
from multisource.simulation.settings import Artefacts, Noise

MEASURED = 192  # windows without a patch that tell what is ordinary
WEAK_PATCHES = (0, 5)
WEAK_EXTENT_MM = (10.0, 60.0)
WEAK_BOOST = (1.0, 5.0)
UNEVEN = 0.8  # greatest standard deviation of the logarithm of the background's amplitude
STRENGTH = (0.6, 1.5)  # of a further patch over the first
SMOOTH_MM = (15.0, 60.0)
LEVEL = (1e-3, 10.0)  # of the noise's variance over the background's
SPATIAL_MM = 40.0
TILT = 1.0  # greatest exponent by which the spectrum falls faster or slower
WAVES = 64


class Recording:
    """Windows of one recording.

    Parameters
    ----------
    brain : Simulator
        Draws the windows with their patches.
    gain : ndarray of shape (E, N)
        Leadfield that simulates.
    positions : ndarray of shape (N, 3)
        Positions of the dipoles, mm.
    electrodes : ndarray of shape (E, 3)
        Positions of the electrodes, mm.
    network : Sblnet
        Knows the whitening.
    rng : numpy.random.Generator
        Random numbers of the recording.
    """

    def __init__(
        self,
        brain: Simulator,
        gain: np.ndarray,
        positions: np.ndarray,
        electrodes: np.ndarray,
        network: Sblnet,
        rng: np.random.Generator,
    ) -> None:
        weights = np.exp(rng.uniform(0, UNEVEN) * smooth_field(positions, rng))
        weights /= np.sqrt(np.mean(weights**2))
        projector = prepare(gain * weights, brain.classes, len(brain.models.names))
        self.brain = copy.copy(brain)
        self.brain.projectors = [projector]
        self.brain.settings = replace(brain.settings, amplitude_ratio=STRENGTH)
        quiet = replace(brain.settings, noise=Noise())  # it has its own
        self.brain.disturbances = Disturbances(quiet, len(gain), electrodes)
        quiet = replace(quiet, artefacts=Artefacts())
        self.weak = copy.copy(self.brain)
        self.weak.disturbances = Disturbances(quiet, len(gain), electrodes)
        silent = copy.copy(self.weak)
        silent.settings = replace(quiet, n_patches=(0, 0))
        self.weak.settings = replace(
            quiet,
            n_patches=WEAK_PATCHES,
            extent_mm=WEAK_EXTENT_MM,
            boost=float(rng.uniform(*WEAK_BOOST)),
            amplitude_ratio=(0.3, 1.0),
        )
        self.weak.split, self.weak.key = "weak", rng.integers(0, 2**63, 2, dtype=np.uint64)
        self.share = rng.uniform(0, 1)  # of the weak patches' EEG
        self.tilt = _tilt(brain.settings.n_times, rng)
        spatial = SPATIAL_MM if rng.random() < 0.5 else 0.0
        level = np.exp(rng.uniform(*np.log(LEVEL))) * (rng.random() < 0.8)
        background = np.mean(np.sum((gain * weights) ** 2, axis=1))
        sd = np.sqrt(level * background) * brain.settings.background_nam * 1e-9
        self.noise = (sd * spatial_factor(len(gain), electrodes, spatial)).astype(np.float32)
        self.network = network
        self.rng = rng
        # What is ordinary: windows in which nothing but that is.
        self.drawn = int(rng.integers(0, 2**40))
        windows = [self._seen(silent, start)[0] for start in range(0, MEASURED, 32)]
        eeg = np.concatenate(windows).astype(float)
        self.whitenings = measured(network, eeg)

    def windows(self, first: int) -> tuple[np.ndarray, Patches]:
        """Draw 32 windows.

        Parameters
        ----------
        first : int
            Number of the first.

        Returns
        -------
        eeg : ndarray of shape (32, E, T)
            Windows, V.
        patches : Patches
            Their patches; the weak ones are none.
        """
        return self._seen(self.brain, first)

    def _seen(self, simulator: Simulator, first: int) -> tuple[np.ndarray, Patches]:
        block = simulator.block(range(first, first + 32))
        self.drawn += 32
        weak = self.weak.block(range(self.drawn, self.drawn + 32)).eeg
        # Both parts hold a background: together it is as large as one.
        eeg = (block.eeg + np.float32(self.share) * weak) / np.float32(np.sqrt(1 + self.share**2))
        white = self.rng.standard_normal(eeg.shape, dtype=np.float32)
        eeg = eeg + np.matmul(self.noise, white)
        return np.matmul(eeg, self.tilt), block.patches

    def whitened(self, windows: torch.Tensor) -> Whitened:
        """Whiten windows as those of a recording are: in the model's form, strictly, or alone.

        Parameters
        ----------
        windows : Tensor of shape (B, E, T)
            Windows, V.

        Returns
        -------
        Whitened
            Their covariances.
        """
        kind = self.rng.integers(3)
        if kind == 2:
            return self.network.whitened(windows)
        whitening = self.whitenings[kind]
        return self.network.standardise.measured(
            self.network.repair(windows),
            torch.from_numpy(whitening.variance),
            torch.from_numpy(whitening.speed),
            whitening.level,
            whitening.bulk,  # the weights that are shipped learnt with the windows' own
        )


def measured(network: Sblnet, eeg: np.ndarray) -> tuple[Whitening, Whitening]:
    """Measure what is ordinary in windows.

    Parameters
    ----------
    network : Sblnet
        Knows the components.
    eeg : ndarray of shape (S, E, T)
        Windows without a patch, V.

    Returns
    -------
    tuple of Whitening
        In the model's form, and as measured.
    """
    features = network.standardise
    space, time = features.spatial.double().numpy(), features.temporal.double().numpy()
    eeg = eeg - eeg.mean(axis=1, keepdims=True)
    variance = np.mean((space @ eeg @ time) ** 2, axis=0)
    return whitenings_of(network, variance)


def smooth_field(positions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a smooth random field of unit variance: a sum of waves.

    Parameters
    ----------
    positions : ndarray of shape (N, 3)
        Positions, mm.
    rng : numpy.random.Generator
        Random numbers.

    Returns
    -------
    ndarray of shape (N,)
        The field.
    """
    waves = rng.standard_normal((3, WAVES)) / rng.uniform(*SMOOTH_MM)
    phases = rng.uniform(0, 2 * np.pi, WAVES)
    sizes = rng.standard_normal(WAVES) * np.sqrt(2 / WAVES)
    return np.asarray(np.cos(positions @ waves + phases) @ sizes)


def _tilt(n_times: int, rng: np.random.Generator) -> np.ndarray:
    """A filter of windows (T, T) that lets their spectrum fall faster or slower."""
    steps = np.arange(n_times // 2 + 1) + 1.0
    gain = steps ** (-0.5 * rng.uniform(-TILT, TILT))
    if rng.random() < 0.5:  # a rhythm
        at, wide = rng.uniform(1, 0.3 * n_times), rng.uniform(0.5, 2)
        gain = gain * (1 + rng.uniform(0, 3) * np.exp(-0.5 * ((steps - 1 - at) / wide) ** 2))
    gain /= np.sqrt(np.mean(gain**2))
    return np.fft.irfft(
        gain[:, None] * np.fft.rfft(np.eye(n_times), axis=0), n_times, axis=0
    ).astype(np.float32)
