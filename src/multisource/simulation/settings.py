"""The settings of a simulation; defaults are the paper's."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, is_dataclass

from multisource.errors import UserError


@dataclass(frozen=True)
class Noise:
    """Sensor noise added after the projection (off unless ``snr_db`` is given).

    snr_db: range (low, high) of the ratio of the power of the brain's EEG to that of the noise,
    both over all channels and times of a sample, in dB; drawn uniformly. exponent: the noise's
    power spectrum falls as 1 / f^exponent (0 white, 1 pink, 2 brown). spatial_mm: distance over
    which the correlation of the noise of two channels falls to 1/e; 0 for independent channels.
    """

    snr_db: tuple[float, float] | None = None
    exponent: float = 0.0
    spatial_mm: float = 0.0


@dataclass(frozen=True)
class Artefacts:
    """Chance of each artefact in a window, and its size in microvolts (low, high).

    The size is that of the most affected channel: the peak of a blink, the step of a saccade, the
    root mean square of muscle activity.
    """

    blink: float = 0.0
    blink_uv: tuple[float, float] = (50.0, 200.0)
    saccade: float = 0.0
    saccade_uv: tuple[float, float] = (10.0, 60.0)
    muscle: float = 0.0
    muscle_uv: tuple[float, float] = (5.0, 30.0)


@dataclass(frozen=True)
class BadChannels:
    """Range of the number of bad channels in a sample, and how they fail.

    kinds: any of ``flat`` (zero), ``noisy`` (white noise of ``noisy_uv`` rms).
    """

    count: tuple[int, int] = (0, 0)
    kinds: tuple[str, ...] = ("flat", "noisy")
    noisy_uv: tuple[float, float] = (50.0, 200.0)


@dataclass(frozen=True)
class Settings:
    """What the samples of a study look like (paper, section II-B).

    sfreq: Hz. window_s: length of a sample. n_patches: fewest and most active regions.
    extent_mm: range of a region's extent, which is its diameter. boost: amplitude of the active
    dipoles over the background. background_nam: standard deviation of an inactive dipole's
    moment, nAm. amplitude_ratio: range of a patch's amplitude over the first patch's.
    patch_correlation: correlation of the centre series of any two patches; above 0, all centres
    of a sample take the AR class of the first, so that the correlation is exactly this.
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

    def __post_init__(self) -> None:
        _check_positive("sfreq", self.sfreq)
        _check_positive("window_s", self.window_s)
        _check_positive("boost", self.boost)
        _check_positive("background_nam", self.background_nam)
        _check_range("n_patches", self.n_patches, 1, 5)
        _check_range("extent_mm", self.extent_mm, 1e-3, 200)
        _check_range("amplitude_ratio", self.amplitude_ratio, 1e-3, 10)
        _check_range("bad_channels.count", self.bad_channels.count, 0, 10_000)
        _check_range("bad_channels.noisy_uv", self.bad_channels.noisy_uv, 0, 1e6)
        if not 0 <= self.patch_correlation < 1:
            raise UserError(
                f"patch_correlation: {self.patch_correlation} is not allowed; give 0 to below 1"
            )
        if self.noise.snr_db is not None:
            _check_range("noise.snr_db", self.noise.snr_db, -60, 100)
        if not 0 <= self.noise.exponent <= 3:
            raise UserError(f"noise.exponent: {self.noise.exponent} is not allowed; give 0 to 3")
        if self.noise.spatial_mm < 0:
            raise UserError(f"noise.spatial_mm: {self.noise.spatial_mm} is below 0")
        for name in ("blink", "saccade", "muscle"):
            chance = getattr(self.artefacts, name)
            if not 0 <= chance <= 1:
                raise UserError(f"artefacts.{name}: {chance} is not a chance; give 0 to 1")
            _check_range(f"artefacts.{name}_uv", getattr(self.artefacts, name + "_uv"), 0, 1e6)
        for kind in self.bad_channels.kinds:
            if kind not in ("flat", "noisy"):
                raise UserError(f"bad_channels.kinds: {kind!r} is unknown; allowed: flat, noisy")
        if self.n_times < 2:
            raise UserError(
                f"window_s: {self.window_s} s holds {self.n_times} samples at {self.sfreq} Hz; "
                "give at least 2"
            )

    @property
    def n_times(self) -> int:
        return int(round(self.sfreq * self.window_s))

    def to_dict(self) -> dict:
        """The settings as nested plain values, for JSON."""
        return asdict(self)


def settings_from(values: dict) -> Settings:
    """Settings from nested plain values (a part of the config); an unknown key is refused."""
    return _build(Settings, values, "")


def _build(kind: type, values: dict, where: str):
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
        ready[name] = value
    return kind(**ready)


def _default(item):
    return item.default_factory() if callable(item.default_factory) else item.default


def _check_positive(name: str, value: float) -> None:
    if not value > 0:
        raise UserError(f"{name}: {value} is not allowed; give a number above 0")


def _check_range(name: str, pair: tuple, low: float, high: float) -> None:
    if len(pair) != 2 or not low <= pair[0] <= pair[1] <= high:
        raise UserError(
            f"{name}: {list(pair)} is not allowed; give [low, high] with {low:g} <= low <= high "
            f"<= {high:g}"
        )
