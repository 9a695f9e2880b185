"""The settings of a simulation; defaults are the paper's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any

from multisource.errors import UserError, refuse
from multisource.simulation.registry import DISTURBANCES

FAILURES = ("flat", "noisy")  # how a channel is bad
ARTEFACTS = ("blink", "saccade", "muscle")  # disturbances with a short spelling of their own
SHORTEST_WINDOW = 2  # samples
SHARED_OPTIONS = ("chance", "uv")  # of every registered disturbance


@dataclass(frozen=True)
class Noise:
    """Sensor noise added after the projection (off unless ``snr_db`` is given).

    Attributes
    ----------
    snr_db : tuple of float, optional
        Range (low, high) of the ratio of the power of the brain's EEG to that of the noise, both
        over all channels and times of a sample, in dB; drawn uniformly.
    exponent : float
        The noise's power spectrum falls as 1 / f^exponent (0 white, 1 pink, 2 brown).
    spatial_mm : float
        Distance over which the correlation of the noise of two channels falls to 1/e, mm; 0 for
        independent channels.
    chance : float
        Chance that a sample has noise at all.
    correlated : float
        Part of the noisy samples that ``spatial_mm`` holds for; the noise of the others is
        independent from channel to channel.
    """

    snr_db: tuple[float, float] | None = None
    exponent: float = 0.0
    spatial_mm: float = 0.0
    chance: float = 1.0
    correlated: float = 1.0

    def mistakes(self) -> Iterator[str]:
        """Find the values that no noise can have.

        Yields
        ------
        str
            One line for each such value.
        """
        if self.snr_db is not None:
            yield from _range_mistakes("noise.snr_db", self.snr_db, -60, 100)
        if not 0 <= self.exponent <= 3:
            yield f"simulation.noise.exponent: {self.exponent}; give 0 to 3"
        if not 0 <= self.spatial_mm < math.inf:
            yield f"simulation.noise.spatial_mm: {self.spatial_mm}; give 0 or more"
        for name in ("chance", "correlated"):
            if not 0 <= getattr(self, name) <= 1:
                yield f"simulation.noise.{name}: {getattr(self, name)}; give 0 to 1"


@dataclass(frozen=True)
class Artefacts:
    """Chance of each artefact in a window, and its size in microvolts (low, high).

    They are registered disturbances, spelled short: ``blink: 0.1`` stands for
    ``blink: {chance: 0.1, uv: ...}`` of ``disturbances``.

    The size is that of the most affected channel: the peak of a blink, the step of a saccade, the
    root mean square of muscle activity.
    """

    blink: float = 0.0
    blink_uv: tuple[float, float] = (50.0, 200.0)
    saccade: float = 0.0
    saccade_uv: tuple[float, float] = (10.0, 60.0)
    muscle: float = 0.0
    muscle_uv: tuple[float, float] = (5.0, 30.0)

    def mistakes(self) -> Iterator[str]:
        """Find the values that no artefact can have.

        Yields
        ------
        str
            One line for each such value.
        """
        for name in ARTEFACTS:
            chance = getattr(self, name)
            if not 0 <= chance <= 1:
                yield f"simulation.artefacts.{name}: {chance} is no chance; give 0 to 1"
            yield from _range_mistakes(f"artefacts.{name}_uv", getattr(self, f"{name}_uv"), 0, 1e6)


@dataclass(frozen=True)
class BadChannels:
    """Range of the number of bad channels in a sample, and how they fail.

    Attributes
    ----------
    count : tuple of int
        Fewest and most bad channels.
    kinds : tuple of str
        Any of ``flat`` (zero) and ``noisy`` (white noise).
    noisy_uv : tuple of float
        Range of the root mean square of a noisy channel, microvolts.
    interpolated : bool
        Whether they are known, and replaced from the others by spherical splines.
    """

    count: tuple[int, int] = (0, 0)
    kinds: tuple[str, ...] = FAILURES
    noisy_uv: tuple[float, float] = (50.0, 200.0)
    interpolated: bool = False

    def mistakes(self) -> Iterator[str]:
        """Find the values that bad channels cannot have.

        Yields
        ------
        str
            One line for each such value.
        """
        yield from _range_mistakes("bad_channels.count", self.count, 0, 10_000)
        yield from _range_mistakes("bad_channels.noisy_uv", self.noisy_uv, 0, 1e6)
        for kind in self.kinds:
            if kind not in FAILURES:
                yield (
                    f"simulation.bad_channels.kinds: {kind!r} is unknown; "
                    f"allowed: {', '.join(FAILURES)}"
                )


@dataclass(frozen=True)
class Settings:
    """What the samples of a study look like (paper, section II-B).

    Attributes
    ----------
    sfreq : float
        Sampling rate, Hz.
    window_s : float
        Length of a sample, s.
    n_patches : tuple of int
        Fewest and most active regions.
    extent_mm : tuple of float
        Range of a region's extent, which is its diameter, mm.
    boost : float
        Amplitude of the active dipoles over the background.
    background_nam : float
        Standard deviation of an inactive dipole's moment, nAm.
    amplitude_ratio : tuple of float
        Range of a patch's amplitude over the first patch's.
    patch_correlation : float
        Correlation of the centre series of any two patches; above 0, all centres of a sample take
        the AR class of the first, so that the correlation is exactly this.
    noise : Noise
        Sensor noise.
    artefacts : Artefacts
        Chances and sizes of the artefacts.
    bad_channels : BadChannels
        Number and kinds of bad channels.
    disturbances : mapping
        Registered disturbances by name: chance in a window, size in microvolts (low, high) at the
        most affected channel, and options of the function.
    electrode_error_mm : tuple of float
        Range of the root mean square distance by which the electrodes of a sample are off, along
        the scalp, mm.
    operator : tuple of str
        Names of the operators, of which each sample draws one.
    """

    sfreq: float = 250.0
    window_s: float = 0.2
    n_patches: tuple[int, int] = (1, 3)
    extent_mm: tuple[float, float] = (20.0, 60.0)
    boost: float = 10.0
    background_nam: float = 1.0
    amplitude_ratio: tuple[float, float] = (1.0, 1.0)
    patch_correlation: float = 0.0
    noise: Noise = field(default_factory=Noise)
    artefacts: Artefacts = field(default_factory=Artefacts)
    bad_channels: BadChannels = field(default_factory=BadChannels)
    disturbances: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    electrode_error_mm: tuple[float, float] = (0.0, 0.0)
    operator: tuple[str, ...] = ("fem",)

    def __post_init__(self) -> None:
        refuse(self._mistakes())

    def _mistakes(self) -> Iterator[str]:
        for name in ("sfreq", "window_s", "boost", "background_nam"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                yield f"simulation.{name}: {value}; give a finite number above 0"
        yield from _range_mistakes("n_patches", self.n_patches, 0, 5)
        yield from _range_mistakes("extent_mm", self.extent_mm, 1e-3, 200)
        yield from _range_mistakes("amplitude_ratio", self.amplitude_ratio, 1e-3, 10)
        yield from _range_mistakes("electrode_error_mm", self.electrode_error_mm, 0, 30)
        if not 0 <= self.patch_correlation < 1:
            yield f"simulation.patch_correlation: {self.patch_correlation}; give 0 to below 1"
        yield from self.noise.mistakes()
        yield from self.artefacts.mistakes()
        yield from self.bad_channels.mistakes()
        for name, chosen in self.disturbances.items():
            yield from _disturbance_mistakes(name, chosen)
            if name in ARTEFACTS and getattr(self.artefacts, name) > 0:
                yield (
                    f"simulation.disturbances.{name}: simulation.artefacts.{name} is "
                    f"{getattr(self.artefacts, name)} too; give the chance in one place"
                )
        if not self.operator or len(set(self.operator)) < len(self.operator):
            yield f"simulation.operator: {list(self.operator)}; name one or several, each once"
        yield from self._window_mistakes()

    def _window_mistakes(self) -> Iterator[str]:
        samples = self.sfreq * self.window_s
        if not 0 < samples < math.inf:
            return
        where = f"simulation.window_s: {self.window_s} s at {self.sfreq} Hz (simulation.sfreq)"
        if abs(samples - round(samples)) > 1e-9:
            yield f"{where} holds {samples:g}; choose a window of a whole number of samples"
        elif round(samples) < SHORTEST_WINDOW:
            yield (
                f"{where} is {round(samples)} samples; give {SHORTEST_WINDOW} at least, "
                f"{SHORTEST_WINDOW / self.sfreq:g} s"
            )

    @property
    def n_times(self) -> int:
        """Number of time points of a sample."""
        return int(round(self.sfreq * self.window_s))

    @property
    def most_patches(self) -> int:
        """Most patches of a sample that arrays have room for: 1 also where there is none."""
        return max(self.n_patches[1], 1)

    @property
    def events(self) -> dict[str, Mapping[str, Any]]:
        """All disturbances of windows by name: chance, uv and options; artefacts too."""
        spelled: dict[str, Mapping[str, Any]] = {
            name: {
                "chance": getattr(self.artefacts, name),
                "uv": getattr(self.artefacts, f"{name}_uv"),
            }
            for name in ARTEFACTS
            if getattr(self.artefacts, name) > 0
        }
        return spelled | dict(self.disturbances)

    def to_dict(self) -> dict:
        """Return the settings as nested plain values, for JSON.

        Returns
        -------
        dict
            Name to value.
        """
        values = asdict(self)
        # Samples without it are those of a version that had none, also by their settings' hash.
        for name in ("disturbances", "electrode_error_mm", "operator"):
            if values[name] == _default(_FIELDS[name]):
                del values[name]
        if not self.bad_channels.interpolated:
            del values["bad_channels"]["interpolated"]
        return values

    def check_channels(self, n_channels: int) -> None:
        """Refuse a study with fewer channels than may fail in a window.

        Parameters
        ----------
        n_channels : int
            Number of channels.

        Raises
        ------
        UserError
            If more channels fail in a window than there are.
        """
        most = self.bad_channels.count[1]
        if most > n_channels:
            raise UserError(
                f"simulation.bad_channels.count: {list(self.bad_channels.count)}; the study has "
                f"only {n_channels} channels"
            )

    def windows_in(self, duration_s: float) -> int:
        """Return how many windows a recording holds.

        Parameters
        ----------
        duration_s : float
            Length of the recording, s.

        Returns
        -------
        int
            Number of windows.

        Raises
        ------
        UserError
            If it holds none.
        """
        count = int(round(duration_s * self.sfreq, 6)) // self.n_times
        if count < 1:
            raise UserError(
                f"simulation.scenarios.duration_s: {duration_s} s holds no window of "
                f"{self.window_s} s (simulation.window_s)"
            )
        return count


_FIELDS = {field.name: field for field in fields(Settings)}


def settings_from(values: Mapping[str, Any]) -> Settings:
    """Make settings from nested plain values (a part of the config).

    Parameters
    ----------
    values : mapping
        Section ``simulation`` of the configuration.

    Returns
    -------
    Settings
        The settings.

    Raises
    ------
    UserError
        If a key is unknown, or a value is not allowed.
    """
    return _build(Settings, values, "")


def _build(kind: type, values: Mapping[str, Any], where: str) -> Any:
    known = {f.name: f for f in fields(kind)}
    ready = {}
    for name, value in values.items():
        if name not in known:
            raise UserError(
                f"simulation.{where}{name}: unknown key; allowed: {', '.join(sorted(known))}"
            )
        default = _default(known[name])
        if is_dataclass(default):
            value = _build(type(default), value, f"{where}{name}.")
        elif isinstance(value, list):
            value = tuple(value)
        elif isinstance(default, tuple) and isinstance(value, str):
            value = (value,)  # one name for a list of one
        ready[name] = value
    return kind(**ready)


def _default(item: Any) -> Any:
    return item.default_factory() if callable(item.default_factory) else item.default


def _disturbance_mistakes(name: str, chosen: Mapping[str, Any]) -> Iterator[str]:
    key = f"simulation.disturbances.{name}"
    try:
        DISTURBANCES.check(name, {k: v for k, v in chosen.items() if k not in SHARED_OPTIONS})
    except UserError as error:
        # An unknown name is told with the key, an option with the entry's name alone.
        known = name in DISTURBANCES
        yield f"simulation.disturbances.{error}" if known else str(error)
    missing = [option for option in SHARED_OPTIONS if option not in chosen]
    yield from (f"{key}: missing key {option!r}" for option in missing)
    if not missing:
        if not 0 <= chosen["chance"] <= 1:
            yield f"{key}.chance: {chosen['chance']} is no chance; give 0 to 1"
        yield from _range_mistakes(f"disturbances.{name}.uv", chosen["uv"], 0, 1e6)


def _range_mistakes(name: str, pair: Sequence[float], low: float, high: float) -> Iterator[str]:
    key = f"simulation.{name}"
    if len(pair) != 2:
        yield f"{key}: {list(pair)}; give two numbers, [low, high]"
    elif pair[0] > pair[1]:
        yield f"{key}: {list(pair)}: the first is larger; write {[pair[1], pair[0]]}"
    elif not low <= pair[0] <= pair[1] <= high:
        yield f"{key}: {list(pair)}; give [low, high] within {low:g} and {high:g}"
