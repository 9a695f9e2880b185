"""Windows of a recording in the format of the simulated ones, without a truth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import xarray as xr

from multisource.errors import UserError
from multisource.recordings.moments import Chosen, Moment, choose_moments
from multisource.recordings.rejection import REJECTED, quiet
from multisource.recordings.settings import RecordingSettings
from multisource.recordings.stretches import Stretches
from multisource.simulation.truth import SparseTruth

MOST_WINDOWS = 10_000  # a map of each is 33 kB per method


def cut_windows(
    found: Stretches,
    channels: Sequence[str],
    settings: RecordingSettings,
    *,
    name: str,
    sfreq: float,
    window_s: float,
) -> xr.Dataset:
    """Cut stretches of EEG into windows.

    Parameters
    ----------
    found : Stretches
        The EEG.
    channels : sequence of str
        Names of its channels.
    settings : RecordingSettings
        What is asked of the recording.
    name : str
        Name of the recording.
    sfreq : float
        Sampling rate, Hz.
    window_s : float
        Length of a window, s.

    Returns
    -------
    xarray.Dataset
        Windows (sample, channel, time) in V of all stretches. Besides the contract of
        ``simulation.chunks``, with an empty truth: ``start (sample)``, the time of a window's first
        sample in s, of the recording or from the event, on a grid of ``step_s`` that is the same in
        all stretches; ``epoch (sample)``.

    Raises
    ------
    UserError
        If there are more than 10,000 windows.
    """
    length = round(window_s * sfreq)
    quarter = settings.average and found.averaged > 1
    step = settings.step_s or (window_s / 4 if quarter else window_s)
    step = max(1, round(step * sfreq))
    origin = round(found.starts_s[0] * sfreq)
    eeg, starts, epochs = [], [], []
    for part, start_s, epoch in zip(found.parts, found.starts_s, found.epochs, strict=True):
        begin = round(start_s * sfreq)
        # The first window of the common grid that begins inside this part.
        skip = -(begin - origin) % step
        for first in range(skip, part.shape[1] - length + 1, step):
            eeg.append(part[:, first : first + length])
            starts.append((begin + first) / sfreq)
            epochs.append(epoch)
    epochs_judged = any(entry.step == REJECTED for entry in found.account.entries)
    if settings.reject_uv is not None and not epochs_judged:
        windows = np.array(eeg).reshape(-1, len(channels), length)
        kept = quiet(
            windows,
            settings.reject_uv,
            channels,
            found.account,
            name=f"recordings.{name}",
            what="window",
            each_s=step / sfreq,
        )
        eeg, starts, epochs = ([one[k] for k in kept] for one in (eeg, starts, epochs))
    if len(eeg) > MOST_WINDOWS:
        raise UserError(
            f"recordings.{name}: {len(eeg)} windows; choose tmin_s and tmax_s or a larger step_s "
            f"so that there are {MOST_WINDOWS} at most"
        )
    windows = np.array(eeg, np.float32)
    count = len(windows)
    return xr.Dataset(
        {
            "eeg": (("sample", "channel", "time"), windows, {"units": "V"}),
            "start": (("sample",), np.array(starts), {"units": "s"}),
            "epoch": (("sample",), np.array(epochs, np.int32)),
            **SparseTruth.unknown(count).variables(),
            "extent_mm": (("sample", "patch"), np.zeros((count, 1), np.float32)),
        },
        coords={
            "sample": np.arange(count),
            "channel": list(channels),
            "time": ("time", np.arange(length) / sfreq, {"units": "s"}),
        },
        attrs={
            "split": name,
            "sfreq": sfreq,
            "step_s": step / sfreq,
            "averaged": found.averaged,
            "recorded_sfreq": found.recorded_sfreq,
            "seconds_lost": found.account.seconds_lost,
            "epochs_lost": found.account.epochs_lost,
            "account": found.account.to_json(),
            "config": json.dumps(asdict(settings), sort_keys=True),
        },
    )


def moments(data: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the moments at which windows start.

    Parameters
    ----------
    data : xarray.Dataset
        Windows of :func:`cut_windows`.

    Returns
    -------
    times : ndarray of shape (M,)
        Moments in s, ascending.
    which : ndarray of shape (S,)
        Which of them each window has.
    """
    sample = np.round(data["start"].values * data.attrs["sfreq"]).astype(int)
    times, which = np.unique(sample, return_inverse=True)
    return times / data.attrs["sfreq"], which


def over_epochs(values: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Average the values of windows over the epochs of each moment.

    Parameters
    ----------
    values : ndarray of shape (S, ...)
        A value or an array of each window.
    which : ndarray of shape (S,)
        Moment of each window, of :func:`moments`.

    Returns
    -------
    ndarray of shape (M, ...)
        Means.
    """
    count = np.bincount(which).reshape(-1, *[1] * (values.ndim - 1))
    total = np.zeros((len(count), *values.shape[1:]))
    np.add.at(total, which, values)
    return total / count


def moment_maps(values: np.ndarray, which: np.ndarray, told: Sequence[Moment]) -> np.ndarray:
    """Average maps over the epochs and windows of moments.

    Parameters
    ----------
    values : ndarray of shape (S, N)
        Maps of the windows.
    which : ndarray of shape (S,)
        Time of each window, of :func:`moments`.
    told : sequence of Moment
        The K moments.

    Returns
    -------
    ndarray of shape (K, N)
        A map of each moment.
    """
    averaged = over_epochs(values, which)
    return np.array([one.of(averaged) for one in told])


def strength(data: xr.Dataset) -> np.ndarray:
    """Return how strong the EEG of each moment is: its global field power.

    Maps are scaled window by window, so that they do not say when the brain was more active.

    Parameters
    ----------
    data : xarray.Dataset
        Windows of :func:`cut_windows`.

    Returns
    -------
    ndarray of shape (M,)
        Root mean square of the EEG of each moment's windows, V.
    """
    _, which = moments(data)
    return np.sqrt(over_epochs(np.square(data["eeg"].values, dtype=float).mean(axis=(1, 2)), which))


def first_chosen(data: xr.Dataset, chosen: Sequence[Chosen] | None) -> int | None:
    """Return the moment that a user asks for first.

    Parameters
    ----------
    data : xarray.Dataset
        Windows of :func:`cut_windows`.
    chosen : sequence of float or of two float, or None
        Option ``moments_s``.

    Returns
    -------
    int or None
        Its number, the strongest of a span; None where nothing is asked for.
    """
    if not chosen:
        return None
    windows = told_moments(data, chosen)[0].windows
    return int(windows[strength(data)[windows].argmax()])


def told_moments(data: xr.Dataset, chosen: Sequence[Chosen] | None = None) -> list[Moment]:
    """Choose the moments of a recording that tables and figures tell of.

    Parameters
    ----------
    data : xarray.Dataset
        Windows of :func:`cut_windows`.
    chosen : sequence of float or of two float, optional
        What the user asks for, s; see :func:`multisource.recordings.moments.choose_moments`.

    Returns
    -------
    list of Moment
        The moments. The mean of all windows is among them for a recording without events.
    """
    times, _ = moments(data)
    events = json.loads(data.attrs["config"]).get("events")
    return choose_moments(
        times,
        strength(data),
        window_s=window_length(data),
        chosen=chosen,
        at_rest=events is None and data.attrs["averaged"] == 1 and not data["epoch"].any(),
        name=data.attrs["split"],
    )


def window_length(data: xr.Dataset) -> float:
    """Return the length of a window.

    Parameters
    ----------
    data : xarray.Dataset
        Windows of :func:`cut_windows`.

    Returns
    -------
    float
        In s.
    """
    return data.sizes["time"] / float(data.attrs["sfreq"])


def series(data: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Put the EEG together again from its windows.

    Parameters
    ----------
    data : xarray.Dataset
        Windows of :func:`cut_windows`.

    Returns
    -------
    times : ndarray of shape (T,)
        In s.
    eeg : ndarray of shape (E, T)
        The mean over epochs, V; what no window holds is not a number.
    """
    sfreq = data.attrs["sfreq"]
    times, which = moments(data)
    windows = over_epochs(data["eeg"].values, which)
    first = np.round(times * sfreq).astype(int)
    place = first[:, None] + np.arange(windows.shape[2]) - first[0]
    joined = np.full((windows.shape[1], place.max() + 1), np.nan)
    joined[:, place] = windows.transpose(1, 0, 2)
    return (first[0] + np.arange(joined.shape[1])) / sfreq, joined
