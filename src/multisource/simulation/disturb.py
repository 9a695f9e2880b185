"""What is in simulated EEG beside the brain, in single windows or long recordings.

Electrodes that are off, noise, events such as blinks, bad channels, in this order. Everything is
average-referenced like the EEG, except bad channels, which fail after the reference is taken;
where they are known they are interpolated, and the reference is taken again. What was done to a
sample is returned beside it and stored with it.
"""

from __future__ import annotations

import numpy as np

from multisource.channels.splines import SphericalSplines
from multisource.errors import UserError
from multisource.simulation import streams
from multisource.simulation.ar import stationary_series, window_factor
from multisource.simulation.electrode_error import ElectrodeError
from multisource.simulation.events import add_to_recording, add_to_samples
from multisource.simulation.noise import noise_model, noise_scale, spatial_factor
from multisource.simulation.settings import Settings
from multisource.simulation.streams import Purpose

# What was done to the samples: name -> (names of the dimensions, values).
Done = dict[str, tuple[tuple[str, ...], np.ndarray]]


class Disturbances:
    """The disturbances of a montage, prepared once and added to many samples.

    Parameters
    ----------
    settings : Settings
        Which disturbances there are.
    n_channels : int
        Channels (E).
    electrodes : ndarray of shape (E, 3), optional
        Electrodes, mm, which events, electrode errors and spatially correlated noise need.

    Raises
    ------
    UserError
        If the electrodes are missing where they are needed, or do not fit the channels, or if the
        settings fail more channels than there are.
    """

    def __init__(
        self, settings: Settings, n_channels: int, electrodes: np.ndarray | None = None
    ) -> None:
        self.settings = settings
        self._n_channels = n_channels
        if electrodes is not None and electrodes.shape != (n_channels, 3):
            raise UserError(f"electrodes: shape {electrodes.shape} for {n_channels} channels")
        self._events = bool(settings.events)
        needing = {
            "disturbances": self._events,
            "electrode_error_mm": settings.electrode_error_mm[1] > 0,
            "bad_channels.interpolated": settings.bad_channels.interpolated,
        }
        for name, needed in needing.items():
            if electrodes is None and needed:
                raise UserError(f"{name}: need the electrode positions; give electrodes")
        self._electrodes = np.zeros((0, 3)) if electrodes is None else electrodes
        self._error = None
        if electrodes is not None and settings.electrode_error_mm[1] > 0:
            self._error = ElectrodeError(electrodes, settings.electrode_error_mm)
        self._splines = None
        if electrodes is not None and settings.bad_channels.interpolated:
            self._splines = SphericalSplines(electrodes)
        settings.check_channels(n_channels)
        if settings.noise.snr_db is not None:
            self._noise = noise_model(settings.noise.exponent, settings.sfreq)
            self._noise_window = window_factor(self._noise, settings.n_times).T.astype(np.float32)
            self._independent = spatial_factor(n_channels, electrodes, 0.0)
            self._spatial = spatial_factor(n_channels, electrodes, settings.noise.spatial_mm)

    def on_samples(self, eeg: np.ndarray, key: np.ndarray, indices: np.ndarray) -> Done:
        """Disturb windows in place.

        Parameters
        ----------
        eeg : ndarray of shape (S, E, T)
            Windows, V, average-referenced.
        key : ndarray of shape (2,)
            Key of the split.
        indices : ndarray of shape (S,)
            Numbers of the windows in the split.

        Returns
        -------
        dict
            What was done, name -> (names of the dimensions, values).
        """
        done: Done = {}
        if self._error is not None:
            done["electrode_error_mm"] = ("sample",), self._error.on_samples(eeg, key, indices)
        if self.settings.noise.snr_db is not None:
            done["snr_db"] = ("sample",), self._noise_on_samples(eeg, key, indices)
        if self._events:
            done["disturbed"] = (
                ("sample", "disturbance"),
                add_to_samples(eeg, self._electrodes, self.settings, key=key, indices=indices),
            )
        if self.settings.bad_channels.count[1] > 0:
            done["bad"] = ("sample", "channel"), self._fail_samples(eeg, key, indices)
        return done

    def on_continuous(self, eeg: np.ndarray, seed: int, split: str) -> Done:
        """Disturb continuous EEG in place.

        Parameters
        ----------
        eeg : ndarray of shape (E, T)
            EEG, V, average-referenced.
        seed : int
            Seed of the study.
        split : str
            Name of the recording, which gives it random numbers of its own.

        Returns
        -------
        dict
            What was done to its windows, name -> (names of the dimensions, values).
        """
        done: Done = {}
        n_times = eeg.shape[1]
        first = np.zeros(1, np.uint64)
        if self._error is not None:
            key = streams.stream_key(seed, split)
            done["electrode_error_mm"] = ("sample",), self._error.on_samples(eeg[None], key, first)
        if self.settings.noise.snr_db is not None:
            draw = streams.generator(seed, split, "noise")
            snr = draw.uniform(*self.settings.noise.snr_db, 1)
            series = stationary_series(self._noise, len(eeg), n_times, draw)
            there, correlated = self._noise_kinds(draw.random((1, 2)))
            snr[~there] = np.inf
            factor = self._spatial if correlated[0] else self._independent
            eeg += noise_scale(eeg[None], snr) * (factor @ series)
            done["snr_db"] = ("sample",), snr
        if self._events:
            key = streams.stream_key(seed, split)
            done["disturbed"] = (
                ("sample", "disturbance"),
                add_to_recording(eeg, self._electrodes, self.settings, key=key),
            )
        if self.settings.bad_channels.count[1] > 0:
            key = streams.stream_key(seed, split + "\0bad")
            bad = self._fail_samples(eeg[None], key, first)
            done["bad"] = ("sample", "channel"), bad
        return done

    def _noise_on_samples(
        self, eeg: np.ndarray, key: np.ndarray, indices: np.ndarray
    ) -> np.ndarray:
        assert self.settings.noise.snr_db is not None
        low, high = self.settings.noise.snr_db
        snr = low + (high - low) * streams.uniforms(key, Purpose.NOISE_LEVEL, indices, 1)[:, 0]
        count = self._n_channels * eeg.shape[2]
        white = streams.normals(key, Purpose.NOISE, indices, count).reshape(eeg.shape)
        if len(self._noise):
            white = np.matmul(white, self._noise_window)
        kinds = streams.uniforms(key, Purpose.NOISE_KIND, indices, 2)
        there, correlated = self._noise_kinds(kinds)
        snr[~there] = np.inf
        noise = np.matmul(self._spatial.astype(np.float32), white)
        if not correlated.all():
            noise[~correlated] = self._independent.astype(np.float32) @ white[~correlated]
        eeg += noise_scale(eeg, snr).astype(np.float32)[:, None, None] * noise
        return snr

    def _noise_kinds(self, uniforms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whether samples have noise, and whether it is correlated, by two numbers of each."""
        noise = self.settings.noise
        return uniforms[:, 0] < noise.chance, uniforms[:, 1] < noise.correlated

    def _fail_samples(self, eeg: np.ndarray, key: np.ndarray, indices: np.ndarray) -> np.ndarray:
        bad_channels = self.settings.bad_channels
        n_channels = self._n_channels
        drawn = streams.uniforms(key, Purpose.BAD_CHANNELS, indices, 1 + 3 * n_channels)
        low, high = bad_channels.count
        count = low + (drawn[:, 0] * (high - low + 1)).astype(int)
        order, kind, size = drawn[:, 1:].reshape(len(eeg), 3, n_channels).transpose(1, 0, 2)
        bad = order.argsort(axis=1).argsort(axis=1) < count[:, None]
        kinds = np.array(bad_channels.kinds)[(kind * len(bad_channels.kinds)).astype(int)]
        eeg[bad & (kinds == "flat")] = 0.0
        noisy = bad & (kinds == "noisy")
        if noisy.any():
            least, most = bad_channels.noisy_uv
            white = streams.normals(key, Purpose.BAD_SERIES, indices, eeg[0].size)
            volt = 1e-6 * (least + (most - least) * size[noisy])
            eeg[noisy] += volt[:, None] * white.reshape(eeg.shape)[noisy]
        if self._splines is not None:
            for window in np.flatnonzero(bad.any(axis=1)):
                eeg[window] = self._splines.repaired(eeg[window], bad[window])
        return bad
