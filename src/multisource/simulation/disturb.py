"""Noise, artefacts and bad channels on simulated EEG: single windows or long recordings.

Everything is average-referenced like the EEG, except bad channels, which fail after the reference
is taken. What was done to a sample is returned beside it and stored with it.
"""

from __future__ import annotations

import numpy as np

from multisource.errors import UserError
from multisource.simulation import artefacts, streams
from multisource.simulation.ar import stationary_series, window_factor
from multisource.simulation.events import add_to_recording, add_to_samples
from multisource.simulation.noise import noise_model, noise_scale, spatial_factor
from multisource.simulation.settings import Settings
from multisource.simulation.streams import Purpose

KINDS = ("blink", "saccade", "muscle")

# What was done to the samples: name -> (names of the dimensions, values).
Done = dict[str, tuple[tuple[str, ...], np.ndarray]]


class Disturbances:
    """Noise, artefacts and bad channels of a montage, prepared once and added to many samples.

    Parameters
    ----------
    settings : Settings
        Which disturbances there are.
    n_channels : int
        Channels (E).
    electrodes : ndarray of shape (E, 3), optional
        Electrodes, mm. Artefacts and registered disturbances need them.

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
        self._chances = [getattr(settings.artefacts, kind) for kind in KINDS]
        if electrodes is not None and electrodes.shape != (n_channels, 3):
            raise UserError(f"electrodes: shape {electrodes.shape} for {n_channels} channels")
        if settings.disturbances and electrodes is None:
            raise UserError("disturbances: need the electrode positions; give electrodes")
        self._electrodes = electrodes
        settings.check_channels(n_channels)
        if settings.noise.snr_db is not None:
            self._noise = noise_model(settings.noise.exponent, settings.sfreq)
            self._noise_window = window_factor(self._noise, settings.n_times).T.astype(np.float32)
            self._spatial = spatial_factor(n_channels, electrodes, settings.noise.spatial_mm)
        if max(self._chances) > 0:
            if electrodes is None:
                raise UserError("artefacts: need the electrode positions; give electrodes")
            self._eyes = np.stack(
                [artefacts.blink_topography(electrodes), artefacts.saccade_topography(electrodes)]
            )
            self._muscles = artefacts.muscle_topographies(electrodes)
            self._muscle_model = artefacts.muscle_model(settings.sfreq)
            self._muscle_window = window_factor(self._muscle_model, settings.n_times).T

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
        if self.settings.noise.snr_db is not None:
            done["snr_db"] = ("sample",), self._noise_on_samples(eeg, key, indices)
        if max(self._chances) > 0:
            done["artefact"] = ("sample", "kind"), self._artefacts_on_samples(eeg, key, indices)
        if self._electrodes is not None and self.settings.disturbances:
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
        if self.settings.noise.snr_db is not None:
            draw = streams.generator(seed, split, "noise")
            snr = draw.uniform(*self.settings.noise.snr_db, 1)
            series = stationary_series(self._noise, len(eeg), n_times, draw)
            eeg += noise_scale(eeg[None], snr) * (self._spatial @ series)
            done["snr_db"] = ("sample",), snr
        if max(self._chances) > 0:
            draw = streams.generator(seed, split, "artefacts")
            done["artefact"] = ("sample", "kind"), self._artefacts_on_continuous(eeg, draw)
        if self._electrodes is not None and self.settings.disturbances:
            key = streams.stream_key(seed, split)
            done["disturbed"] = (
                ("sample", "disturbance"),
                add_to_recording(eeg, self._electrodes, self.settings, key=key),
            )
        if self.settings.bad_channels.count[1] > 0:
            key = streams.stream_key(seed, split + "\0bad")
            bad = self._fail_samples(eeg[None], key, np.zeros(1, np.uint64))
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
        noise = np.matmul(self._spatial.astype(np.float32), white)
        eeg += noise_scale(eeg, snr).astype(np.float32)[:, None, None] * noise
        return snr

    def _artefacts_on_samples(
        self, eeg: np.ndarray, key: np.ndarray, indices: np.ndarray
    ) -> np.ndarray:
        n_samples, _, n_times = eeg.shape
        times = np.arange(n_times) / self.settings.sfreq
        window = n_times / self.settings.sfreq
        drawn = streams.uniforms(key, Purpose.ARTEFACTS, indices, 4 * len(KINDS))
        chance, size, moment, choice = drawn.reshape(n_samples, len(KINDS), 4).transpose(2, 1, 0)
        hit = chance < np.array(self._chances)[:, None]
        # An event is seen if any of it falls into the window.
        blink = np.flatnonzero(hit[0])
        onset = moment[0, blink] * (window + _BLINK_S) - _BLINK_S
        course = artefacts.blink_course(times, onset[:, None])
        eeg[blink] += self._event(0, size[0, blink], self._eyes[0], course)
        saccade = np.flatnonzero(hit[1])
        onset = moment[1, saccade] * (window + artefacts.SACCADE_S) - artefacts.SACCADE_S
        course = artefacts.saccade_course(times, onset[:, None])
        side = np.where(choice[1, saccade] < 0.5, -1.0, 1.0)[:, None]
        eeg[saccade] += self._event(1, size[1, saccade], self._eyes[1], side * course)
        muscle = np.flatnonzero(hit[2])
        white = streams.normals(key, Purpose.ARTEFACT_SERIES, indices[muscle], n_times)
        course = np.matmul(white[:, None], self._muscle_window)[:, 0]
        place = (choice[2, muscle] * len(self._muscles)).astype(int)
        eeg[muscle] += self._event(2, size[2, muscle], self._muscles[place], course)
        return hit.T

    def _artefacts_on_continuous(self, eeg: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        n_times = self.settings.n_times
        n_windows = eeg.shape[1] // n_times
        hit = draw.random((n_windows, len(KINDS))) < self._chances
        times = np.arange(eeg.shape[1]) / self.settings.sfreq
        for window, kind in np.argwhere(hit):
            onset = (window + draw.random()) * n_times / self.settings.sfreq
            size = draw.random(1)
            place = draw.integers(len(self._muscles))
            if kind == 0:
                pattern, course = self._eyes[0], artefacts.blink_course(times, onset)
            elif kind == 1:
                # The eyes come back after half a second.
                course = artefacts.saccade_course(times, onset)
                course -= artefacts.saccade_course(times, onset + 0.5)
                pattern, course = self._eyes[1], draw.choice([-1.0, 1.0]) * course
            else:
                pattern = self._muscles[place]
                envelope = artefacts.burst_course(times, onset)
                inside = envelope > 0
                course = np.zeros_like(times)
                series = stationary_series(self._muscle_model, 1, int(inside.sum()), draw)[0]
                course[inside] = envelope[inside] * series
            eeg += self._event(kind, size, pattern, course[None])[0]
        return hit

    def _event(
        self, kind: int, size: np.ndarray, pattern: np.ndarray, course: np.ndarray
    ) -> np.ndarray:
        low, high = getattr(self.settings.artefacts, KINDS[kind] + "_uv")
        volt = 1e-6 * (low + (high - low) * size)
        return volt[:, None, None] * np.atleast_2d(pattern)[:, :, None] * course[:, None, :]

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
        return bad


_BLINK_S = artefacts.BLINK_RISE_S + artefacts.BLINK_FALL_S
