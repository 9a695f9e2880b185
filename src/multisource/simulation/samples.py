"""Random samples (training, validation and test sets) by the fast path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from tqdm import tqdm

from multisource.errors import UserError
from multisource.simulation import streams
from multisource.simulation.ar import ARModels, assign_classes, window_factor
from multisource.simulation.patches import PatchDrawer, Patches
from multisource.simulation.project import prepare, spatial_factors
from multisource.simulation.settings import Settings
from multisource.simulation.streams import Purpose

BLOCK = 32  # samples at once: enough to hide NumPy's overhead, few enough for the cache


def dipole_classes(models: ARModels, n_dipoles: int, seed: int) -> np.ndarray:
    """Class (N,) of every dipole; the same for all splits of a study."""
    return assign_classes(models, n_dipoles, streams.generator(seed, "study", "classes"))


@dataclass(frozen=True)
class Block:
    """Some samples: eeg (S, E, T) float32 V and the patches that made them."""

    eeg: np.ndarray
    patches: Patches


class Simulator:
    """Draws the samples of one split by index; ``block`` may be called in any order.

    gain (E, N): fixed-orientation leadfield of operator A, V/(A m); positions (N, 3) mm.
    """

    def __init__(
        self,
        gain: np.ndarray,
        positions: np.ndarray,
        models: ARModels,
        settings: Settings,
        *,
        seed: int,
        split: str,
    ) -> None:
        if models.sfreq != settings.sfreq:
            raise UserError(
                f"sfreq: the AR models are at {models.sfreq} Hz, the samples at "
                f"{settings.sfreq} Hz; read the models at the samples' rate"
            )
        self.settings = settings
        self.classes = dipole_classes(models, gain.shape[1], seed)
        self._drawer = PatchDrawer(positions, self.classes)
        self.projector = prepare(gain, self.classes, len(models.names))
        self.key = streams.stream_key(seed, split)
        self.n_channels = gain.shape[0]
        self._temporal = np.stack(
            [window_factor(a, settings.n_times).T for a in models.coefficients]
        ).astype(np.float32)

    def block(self, indices: Sequence[int]) -> Block:
        """The samples of the given indices, each the same whatever the others are."""
        indices = np.asarray(indices, dtype=np.uint64)
        patches = self.patches(indices)
        n_classes, n_times, _ = self._temporal.shape
        rank = self.projector.unmix.shape[1]
        white = streams.normals(self.key, Purpose.SOURCES, indices, n_classes * rank * n_times)
        white = white.reshape(len(indices), n_classes, rank, n_times)
        n_patches = patches.centres.shape[1]
        centre_white = streams.normals(self.key, Purpose.CENTRES, indices, n_patches * n_times)
        centre_white = centre_white.reshape(len(indices), n_patches, n_times)
        return Block(self.assemble(patches, white, centre_white), patches)

    def patches(self, indices: np.ndarray) -> Patches:
        """Patches of the given indices; the dipoles of a sample come ordered by class."""
        most = self.settings.n_patches[1]
        uniforms = streams.uniforms(self.key, Purpose.PATCHES, indices, 1 + 2 * most)
        return self._drawer.draw(
            uniforms, n_patches=self.settings.n_patches, extent_mm=self.settings.extent_mm
        )

    def assemble(self, patches: Patches, white: np.ndarray, centre_white: np.ndarray) -> np.ndarray:
        """EEG (S, E, T) float32 V from white noise.

        white (S, M, r, T) for the independent parts, centre_white (S, P, T) for the centres.
        """
        factors, topographies = spatial_factors(self.projector, patches, boost=self.settings.boost)
        n_samples, n_classes, rank, n_times = white.shape
        coloured = np.matmul(white, self._temporal)
        # All classes in one product: (r, M r) times (M r, T) a sample.
        factors = factors.reshape(n_samples, rank, n_classes * rank)
        sensors = np.matmul(factors, coloured.reshape(n_samples, n_classes * rank, n_times))
        classes = self.classes[np.maximum(patches.centres, 0)]
        centres = np.empty_like(centre_white)
        for m, factor in enumerate(self._temporal):
            of_class = classes == m
            centres[of_class] = np.matmul(centre_white[of_class][:, None], factor)[:, 0]
        sensors += np.matmul(topographies.transpose(0, 2, 1), centres)
        moment = np.float32(self.settings.background_nam * 1e-9)
        return np.matmul(self.projector.unmix * moment, sensors)


def simulate_samples(
    gain: np.ndarray,
    positions: np.ndarray,
    models: ARModels,
    settings: Settings,
    *,
    seed: int,
    split: str,
    indices: Sequence[int],
    channels: Sequence[str] | None = None,
    progress: bool = False,
) -> xr.Dataset:
    """Samples of a split as a labelled dataset (see ``chunks``).

    gain (E, N) V/(A m), fixed orientation; positions (N, 3) mm. Sample ``i`` depends on
    (seed, split, i) only, not on which other indices are asked for.
    """
    simulator = Simulator(gain, positions, models, settings, seed=seed, split=split)
    indices = np.asarray(list(indices), dtype=np.int64)
    if len(indices) == 0 or indices.min() < 0:
        raise UserError("indices: give at least one index, none below 0")
    blocks = list(_blocks(simulator, indices, progress))
    return labelled(
        eeg=np.concatenate([b.eeg for b in blocks]),
        patches=join_patches([b.patches for b in blocks]),
        index=indices,
        channels=channels,
        settings=settings,
        models=models,
        seed=seed,
        split=split,
        n_dipoles=gain.shape[1],
    )


def _blocks(simulator: Simulator, indices: np.ndarray, progress: bool) -> Iterator[Block]:
    with tqdm(
        total=len(indices), desc="samples", unit="sample", mininterval=1, disable=not progress
    ) as bar:
        for start in range(0, len(indices), BLOCK):
            part = indices[start : start + BLOCK]
            yield simulator.block(part)
            bar.update(len(part))


def join_patches(parts: Sequence[Patches]) -> Patches:
    """Patches of several blocks as one."""
    starts = np.r_[0, np.cumsum([p.offsets[-1] for p in parts])]
    return Patches(
        centres=np.concatenate([p.centres for p in parts]),
        extents_mm=np.concatenate([p.extents_mm for p in parts]),
        offsets=np.concatenate(
            [np.zeros(1, np.int64)]
            + [p.offsets[1:] + s for p, s in zip(parts, starts[:-1], strict=True)]
        ),
        dipoles=np.concatenate([p.dipoles for p in parts]),
        coefficients=np.concatenate([p.coefficients for p in parts]),
    )


def labelled(
    *,
    eeg: np.ndarray,
    patches: Patches,
    index: np.ndarray,
    channels: Sequence[str] | None,
    settings: Settings,
    models: ARModels,
    seed: int,
    split: str,
    n_dipoles: int,
) -> xr.Dataset:
    """The dataset of the file contract: EEG, sparse truth, patches and what made them."""
    n_channels, n_times = eeg.shape[1:]
    channels = [f"EEG{e + 1:03d}" for e in range(n_channels)] if channels is None else channels
    if len(channels) != n_channels:
        raise UserError(f"channels: {len(channels)} names for {n_channels} leadfield rows")
    return xr.Dataset(
        {
            "eeg": (("sample", "channel", "time"), eeg, {"units": "V"}),
            "truth_offset": (("boundary",), patches.offsets),
            "truth_dipole": (("active",), patches.dipoles),
            "truth_coefficient": (("active",), patches.truth.astype(np.float32)),
            "centre": (("sample", "patch"), patches.centres),
            "extent_mm": (("sample", "patch"), patches.extents_mm, {"units": "mm"}),
        },
        coords={
            "sample": index,
            "channel": list(channels),
            "time": ("time", np.arange(n_times) / settings.sfreq, {"units": "s"}),
        },
        attrs={
            "seed": seed,
            "split": split,
            "sfreq": settings.sfreq,
            "n_dipoles": n_dipoles,
            "config": json.dumps(settings.to_dict(), sort_keys=True),
            "ar_models": ", ".join(models.names),
            "ar_source": models.source,
        },
    )
