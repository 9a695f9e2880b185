"""Random samples (training, validation and test sets) by the fast path."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import xarray as xr
from threadpoolctl import ThreadpoolController

from multisource.errors import UserError
from multisource.progress import progress
from multisource.simulation import streams
from multisource.simulation.ar import ARModels, assign_classes, window_factor
from multisource.simulation.dataset import labelled
from multisource.simulation.disturb import Disturbances
from multisource.simulation.patches import PatchDrawer, Patches
from multisource.simulation.project import Projector, mixing, prepare
from multisource.simulation.settings import Settings
from multisource.simulation.streams import Purpose
from multisource.simulation.synchronise import centre_classes, centre_white
from multisource.simulation.truth import SparseTruth

BLOCK = 32  # samples at once: enough to hide NumPy's overhead, few enough for the cache


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


@dataclass(frozen=True)
class Block:
    """Some samples, the patches that made them, and what else was drawn.

    Attributes
    ----------
    eeg : ndarray of shape (S, E, T)
        The samples, V, float32.
    patches : Patches
        Their patches.
    extras : dict
        What else was drawn for a sample (amplitude, operator, snr_db, bad): name to (dimensions,
        values). It is empty with the paper's settings.
    """

    eeg: np.ndarray
    patches: Patches
    extras: dict[str, tuple[tuple[str, ...], np.ndarray]]


class Simulator:
    """Draws the samples of one split by index; ``block`` may be called in any order.

    Parameters
    ----------
    gain : ndarray of shape (E, N), or sequence of K such
        Fixed-orientation leadfield of the operator, V/(Am). Each sample draws one of several.
    positions : ndarray of shape (N, 3)
        Positions of the dipoles, mm.
    models : ARModels
        Models of the time courses.
    settings : Settings
        What the samples look like.
    seed : int
        Seed of the study.
    split : str
        Name of the split.
    cortex : ndarray of shape (N,), bool, optional
        Where patches may be centred; by default everywhere.
    channels : sequence of str, optional
        Names of the E channels; by default EEG001 and so on.
    electrodes : ndarray of shape (E, 3), optional
        Positions of the electrodes, mm, which artefacts and spatially correlated noise need.

    Raises
    ------
    UserError
        If the models have another sampling rate than the samples, or the names of the channels
        are not as many as the rows of the leadfield.
    """

    def __init__(
        self,
        gain: np.ndarray | Sequence[np.ndarray],
        positions: np.ndarray,
        models: ARModels,
        settings: Settings,
        *,
        seed: int,
        split: str,
        cortex: np.ndarray | None = None,
        channels: Sequence[str] | None = None,
        electrodes: np.ndarray | None = None,
    ) -> None:
        if models.sfreq != settings.sfreq:
            raise UserError(
                f"sfreq: the AR models are at {models.sfreq} Hz, the samples at "
                f"{settings.sfreq} Hz; read the models at the samples' rate"
            )
        gains = [gain] if isinstance(gain, np.ndarray) else list(gain)
        n_channels, n_dipoles = gains[0].shape
        if channels is None:
            channels = [f"EEG{e + 1:03d}" for e in range(n_channels)]
        if len(channels) != n_channels:
            raise UserError(f"channels: {len(channels)} names for {n_channels} leadfield rows")
        self.settings, self.models, self.channels = settings, models, list(channels)
        self.seed, self.split, self.n_dipoles = seed, split, n_dipoles
        # The same for all splits of a study.
        classes = streams.generator(seed, "study", "classes")
        self.classes = assign_classes(models, n_dipoles, classes)
        self.drawer = PatchDrawer(positions, self.classes, cortex)
        self.projectors = [prepare(gain, self.classes, len(models.names)) for gain in gains]
        self.key = streams.stream_key(seed, split)
        self.disturbances = Disturbances(settings, n_channels, electrodes)
        self._temporal = np.stack(
            [window_factor(a, settings.n_times).T for a in models.coefficients]
        ).astype(np.float32)

    @property
    def projector(self) -> Projector:
        """The operator, or the first of several."""
        return self.projectors[0]

    @property
    def block_size(self) -> int:
        """How many samples at once are drawn fastest."""
        return BLOCK * len(self.projectors)

    def for_split(self, split: str) -> Simulator:
        """Return the simulator of another split, which shares all but the random numbers.

        Parameters
        ----------
        split : str
            Name of the other split.

        Returns
        -------
        Simulator
            Its simulator.
        """
        other = copy.copy(self)
        other.split, other.key = split, streams.stream_key(self.seed, split)
        return other

    def block(self, indices: Sequence[int] | np.ndarray) -> Block:
        """Draw the samples of the given indices, each the same whatever the others are.

        Parameters
        ----------
        indices : sequence of int
            Numbers of the S samples.

        Returns
        -------
        Block
            The samples.
        """
        # Its products are small: a second BLAS thread would only make them several times slower.
        with _threads().limit(limits=1, user_api="blas"):
            return self._block(np.asarray(indices, dtype=np.uint64))

    def _block(self, indices: np.ndarray) -> Block:
        patches = self.patches(indices)
        amplitudes, extras = self._amplitudes(indices)
        if len(self.projectors) == 1:
            eeg = self._brain(self.projectors[0], patches, indices, amplitudes)
        else:
            which = self.operators(indices)
            extras["operator"] = ("sample",), which
            eeg = np.empty((len(indices), len(self.channels), self.settings.n_times), np.float32)
            for number in np.unique(which):
                rows = np.flatnonzero(which == number)
                part = None if amplitudes is None else amplitudes[rows]
                projector = self.projectors[number]
                eeg[rows] = self._brain(projector, patches.take(rows), indices[rows], part)
        extras |= self.disturbances.on_samples(eeg, self.key, indices)
        return Block(eeg, patches, extras)

    def operators(self, indices: np.ndarray) -> np.ndarray:
        """Draw which operator samples are seen through.

        Parameters
        ----------
        indices : ndarray of shape (S,)
            Numbers of the samples.

        Returns
        -------
        ndarray of shape (S,)
            Numbers of the operators, all equally likely.
        """
        drawn = streams.uniforms(self.key, Purpose.OPERATORS, indices, 1)[:, 0]
        return (drawn * len(self.projectors)).astype(np.uint8)

    def _brain(
        self,
        projector: Projector,
        patches: Patches,
        indices: np.ndarray,
        amplitudes: np.ndarray | None,
    ) -> np.ndarray:
        """EEG (S, E, T) of samples through one operator, in V."""
        n_classes, n_times, _ = self._temporal.shape
        rank = projector.dewhiten.shape[1]
        white = streams.normals(self.key, Purpose.SOURCES, indices, n_classes * rank * n_times)
        white = white.reshape(len(indices), n_classes, rank, n_times)
        centre_white = self._centre_white(patches, indices)
        return self.assemble(patches, white, centre_white, amplitudes, projector)

    def _amplitudes(self, indices: np.ndarray) -> tuple[np.ndarray | None, dict]:
        low, high = self.settings.amplitude_ratio
        if low == high == 1:
            return None, {}
        most = self.settings.most_patches
        amplitudes = streams.uniforms(self.key, Purpose.AMPLITUDES, indices, most)
        amplitudes = low + (high - low) * amplitudes
        amplitudes[:, 0] = 1.0
        return amplitudes, {"amplitude": (("sample", "patch"), amplitudes)}

    def _centre_white(self, patches: Patches, indices: np.ndarray) -> np.ndarray:
        n_patches, settings = patches.truth.centre.shape[1], self.settings
        return centre_white(
            self.key, indices, n_patches, settings.n_times, settings.patch_correlation
        )

    def patches(self, indices: np.ndarray) -> Patches:
        """Draw the patches of the given indices.

        Parameters
        ----------
        indices : ndarray of shape (S,)
            Numbers of the samples.

        Returns
        -------
        Patches
            Their patches; the dipoles of a sample come ordered by class.
        """
        most = self.settings.most_patches
        uniforms = streams.uniforms(self.key, Purpose.PATCHES, indices, 1 + 2 * most)
        return self.drawer.draw(
            uniforms, n_patches=self.settings.n_patches, extent_mm=self.settings.extent_mm
        )

    def dataset(
        self,
        *,
        eeg: np.ndarray,
        truth: SparseTruth,
        extents_mm: np.ndarray,
        extras: Mapping[str, tuple[tuple[str, ...], np.ndarray]],
        index: np.ndarray,
    ) -> xr.Dataset:
        """Return samples of this simulator as a labelled dataset (see ``dataset.labelled``).

        Parameters
        ----------
        eeg : ndarray of shape (S, E, T)
            The samples, V.
        truth : SparseTruth
            Their active dipoles and centres.
        extents_mm : ndarray of shape (S, P)
            Extents of the patches, mm.
        extras : mapping
            What else was drawn, as in ``Block``.
        index : ndarray of shape (S,)
            Numbers of the samples.

        Returns
        -------
        xarray.Dataset
            The dataset.
        """
        return labelled(
            eeg=eeg,
            truth=truth,
            extents_mm=extents_mm,
            extras=extras,
            index=index,
            channels=self.channels,
            settings=self.settings,
            models=self.models,
            seed=self.seed,
            split=self.split,
        )

    def assemble(
        self,
        patches: Patches,
        white: np.ndarray,
        centre_white: np.ndarray,
        amplitudes: np.ndarray | None = None,
        projector: Projector | None = None,
    ) -> np.ndarray:
        """Make the EEG from white noise.

        Parameters
        ----------
        patches : Patches
            Patches of S samples.
        white : ndarray of shape (S, M, r, T)
            White noise for the independent parts.
        centre_white : ndarray of shape (S, P, T)
            White noise for the centres.
        amplitudes : ndarray of shape (S, P), optional
            Amplitude of each patch relative to the boost; 1 by default.
        projector : Projector, optional
            The operator; by default the first.

        Returns
        -------
        ndarray of shape (S, E, T)
            EEG, V, float32.
        """
        projector = projector or self.projectors[0]
        mixed = mixing(projector, patches, boost=self.settings.boost, amplitudes=amplitudes)
        n_samples, n_classes, rank, n_times = white.shape
        # The series of all classes and centres one below the other: one product per sample.
        series = np.empty((n_samples, mixed.shape[1], n_times), dtype=np.float32)
        own = series[:, : n_classes * rank].reshape(white.shape)
        np.matmul(white, self._temporal, out=own)
        classes = centre_classes(
            self.classes, patches.truth.centre, self.settings.patch_correlation
        )
        centres = np.matmul(centre_white, self._temporal[:, None])  # of every class (M, S, P, T)
        for m in range(n_classes):
            np.copyto(series[:, n_classes * rank :], centres[m], where=(classes == m)[..., None])
        sensors = np.matmul(mixed.transpose(0, 2, 1), series)
        moment = np.float32(self.settings.background_nam * 1e-9)
        return np.matmul(projector.dewhiten * moment, sensors)


def simulate_samples(simulator: Simulator, indices: Sequence[int]) -> xr.Dataset:
    """Simulate samples of a split as a labelled dataset (see ``chunks``).

    Sample ``i`` depends on the simulator and i only, not on which other indices are asked for.

    Parameters
    ----------
    simulator : Simulator
        Simulator of the split.
    indices : sequence of int
        Numbers of the samples.

    Returns
    -------
    xarray.Dataset
        The samples with their truth.

    Raises
    ------
    UserError
        If there is no index, or one is below 0.
    """
    chosen = np.asarray(list(indices), dtype=np.int64)
    if len(chosen) == 0 or chosen.min() < 0:
        raise UserError("indices: give at least one index, none below 0")
    # One array from the start: a list of blocks, joined at the end, would take twice the memory.
    shape = len(chosen), len(simulator.channels), simulator.settings.n_times
    eeg = np.empty(shape, dtype=np.float32)
    truths: list[SparseTruth] = []
    extents: list[np.ndarray] = []
    extras: dict[str, list[np.ndarray]] = {}
    dims: dict[str, tuple[str, ...]] = {}
    done = 0
    for block in _blocks(simulator, chosen):
        eeg[done : done + len(block.eeg)] = block.eeg
        done += len(block.eeg)
        truths.append(block.patches.truth)
        extents.append(block.patches.extents_mm)
        for name, (along, values) in block.extras.items():
            dims[name] = along
            extras.setdefault(name, []).append(values)
    return simulator.dataset(
        eeg=eeg,
        truth=SparseTruth.joined(truths),
        extents_mm=np.concatenate(extents),
        extras={name: (dims[name], np.concatenate(values)) for name, values in extras.items()},
        index=chosen,
    )


def _blocks(simulator: Simulator, indices: np.ndarray) -> Iterator[Block]:
    with progress("samples", total=len(indices), unit="sample") as bar:
        for start in range(0, len(indices), simulator.block_size):
            part = indices[start : start + simulator.block_size]
            yield simulator.block(part)
            bar.update(len(part))
