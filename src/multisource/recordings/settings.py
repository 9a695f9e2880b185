"""What a user may ask of a recording: one entry of ``recordings`` in the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from multisource.recordings.bad_by import AUTO, MARKED
from multisource.recordings.bids import CHOICES

_OF_BIDS = "channels.tsv"  # the data set's own tables, which is what marks channels there
# What an entry says of a BIDS data set, beside the options of every recording.
DATA_SET = ("bids", "task", *CHOICES)
EPOCH_S = (-0.2, 0.6)  # round an event, where the user says nothing


@dataclass(frozen=True)
class RecordingSettings:
    """How one recording becomes windows.

    Attributes
    ----------
    file : str
        What MNE-Python reads.
    events : str or None
        An annotation, a code of the stimulus channel, or the condition of a file of epochs or
        averages; None: all there is.
    tmin_s : float or None
        From where, in s from the event or of the recording; None: -0.2 s, or its beginning.
    tmax_s : float or None
        To where, in s from the event or of the recording; None: 0.6 s, or its end.
    baseline_s : tuple of float or None
        The mean of this span is subtracted from each epoch.
    band_hz : tuple of float or None
        Pass band of a continuous recording; None: above 0.5 Hz.
    notch_hz : tuple of float
        Frequencies that are filtered out of a continuous recording.
    bad_channels : str, tuple of str or None
        Channels that are interpolated, with those that the file marks: their names, a table of
        BIDS (channels.tsv), ``auto`` for those that are found, ``marked`` for no others; None:
        none, and a marked one is refused.
    leave_out : tuple of str
        Channels of the study that it does without: the networks are trained again for the others.
    ica : tuple of str
        Artefacts that are taken out by independent components: eye, muscle, heart.
    reject_uv : float or None
        Epochs and windows of a greater peak-to-peak amplitude are left out, microvolts.
    average : bool
        Whether epochs are averaged.
    against : str or None
        Another recording of the study: of two averages the one that is subtracted, else whose
        activity is what this one has to rise above, a contrast of power. None: the background of
        the recording itself.
    step_s : float or None
        From one window to the next; None: a quarter of a window where epochs are averaged, else a
        window.
    bids : str or None
        Top folder of the BIDS data set that the file is of: its events and channels are read from
        the tables there. None: the file alone.
    moments_s : tuple or None
        Latencies, or spans of two, that tables and figures tell of, s; None: the strongest windows.
    """

    file: str
    events: str | None = None
    tmin_s: float | None = None
    tmax_s: float | None = None
    baseline_s: tuple[float, float] | None = None
    band_hz: tuple[float, float] | None = None
    notch_hz: tuple[float, ...] = ()
    bad_channels: str | tuple[str, ...] | None = None
    leave_out: tuple[str, ...] = ()
    ica: tuple[str, ...] = ()
    reject_uv: float | None = None
    average: bool = True
    against: str | None = None
    step_s: float | None = None
    bids: str | None = None
    moments_s: tuple[float | tuple[float, float], ...] | None = None

    @property
    def table(self) -> str | None:
        """The table of bad channels, if one is named."""
        named = isinstance(self.bad_channels, str) and self.bad_channels not in (MARKED, AUTO)
        return str(self.bad_channels) if named else None

    @property
    def needs_electrodes(self) -> bool:
        """Whether it takes the places of the electrodes."""
        return self.bad_channels is not None or bool(self.ica)


OPTIONS = tuple(field.name for field in fields(RecordingSettings))


def recording_settings(entry: Mapping[str, Any]) -> RecordingSettings:
    """Read an entry of the configuration and fill in its defaults.

    Parameters
    ----------
    entry : mapping
        One entry of ``recordings``.

    Returns
    -------
    RecordingSettings
        The settings.
    """
    pairs = {key: tuple(entry[key]) for key in ("baseline_s", "band_hz") if entry.get(key)}
    settings = {**entry, **pairs}
    if settings.get("moments_s") is not None:
        listed = settings["moments_s"]
        settings["moments_s"] = tuple(tuple(m) if isinstance(m, list) else m for m in listed)
    notch = settings.get("notch_hz")
    settings["notch_hz"] = tuple(notch) if isinstance(notch, list | tuple) else _one(notch)
    for key in ("ica", "leave_out"):
        settings[key] = tuple(settings.get(key) or ())
    if isinstance(settings.get("bad_channels"), list):
        settings["bad_channels"] = tuple(settings["bad_channels"])
    if settings.get("events") is not None:
        settings["events"] = str(settings["events"])
    return RecordingSettings(**settings)


def common_settings(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what holds for all recordings of an entry.

    Parameters
    ----------
    entry : mapping
        One entry of ``recordings``, a file or a BIDS data set.

    Returns
    -------
    dict
        Its settings but for those that say which files. Of a data set the channels that its tables
        mark as bad are interpolated, unless the entry says otherwise.
    """
    common = {key: value for key, value in entry.items() if key not in (*DATA_SET, "file")}
    if "bids" not in entry:
        return common
    bad = common.get("bad_channels", MARKED)
    return {**common, "bad_channels": MARKED if bad == _OF_BIDS else bad}


def _one(value: float | None) -> tuple[float, ...]:
    return () if value is None else (value,)


def settings_mistakes(
    name: str, entry: Mapping[str, Any], *, sfreq: float, window_s: float
) -> list[str]:
    """Find what cannot be in the numbers of an entry, without looking at the file.

    Parameters
    ----------
    name : str
        Name of the recording.
    entry : mapping
        Its entry of ``recordings``.
    sfreq : float
        Sampling rate of the study, Hz.
    window_s : float
        Length of a window, s.

    Returns
    -------
    list of str
        One line per mistake, which begins with the key.
    """
    key = f"recordings.{name}"
    if "file" not in entry and "bids" not in entry:
        return [f"{key}: missing key 'file', or 'bids' for a data set"]
    if "file" in entry:
        beside = [
            f"{key}.{option}: no option beside file" for option in DATA_SET if option in entry
        ]
        if beside:
            return [f"{line}; name a file or a BIDS data set" for line in beside]
    settings = recording_settings({"file": "", **common_settings(entry)})
    mistakes = []
    for option in ("baseline_s", "band_hz"):
        pair = getattr(settings, option)
        if pair and pair[0] >= pair[1]:
            mistakes.append(f"{key}.{option}: {list(pair)}: the second must be the larger")
    if settings.band_hz and settings.band_hz[1] >= sfreq / 2:
        mistakes.append(
            f"{key}.band_hz: {list(settings.band_hz)}: the study has {sfreq:g} Hz "
            f"(simulation.sfreq), so stay below {sfreq / 2:g} Hz"
        )
    low, high = settings.tmin_s, settings.tmax_s
    if low is not None and high is not None and high - low < window_s - 1e-9:
        mistakes.append(
            f"{key}: tmin_s {low:g} to tmax_s {high:g} is shorter than a window, {window_s:g} s "
            "(simulation.window_s)"
        )
    for one in settings.moments_s or ():
        first, last = one if isinstance(one, tuple) else (one, one)
        if first > last:
            mistakes.append(f"{key}.moments_s: {[first, last]}: the second must be the larger")
    if settings.step_s is not None and settings.step_s * sfreq < 1 - 1e-9:
        mistakes.append(
            f"{key}.step_s: {settings.step_s:g} s is less than a sample, {1 / sfreq:g} s"
        )
    return mistakes
