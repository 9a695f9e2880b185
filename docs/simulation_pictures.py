"""Make the pictures of docs/simulation.md from the default study's leadfield.

python docs/simulation_pictures.py results/fsaverage docs/pictures
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml
from matplotlib.figure import Figure
from scipy.signal import welch

from multisource.anatomy.electrodes import read_electrodes
from multisource.figures.simulation import (
    FITTED,
    MEASURED,
    spectra_figure,
)
from multisource.figures.topography import draw_topography
from multisource.leadfield.forward import read_leadfield
from multisource.recordings.continuous import prepare_recording
from multisource.simulation import eyes, muscle
from multisource.simulation.ar import power_spectrum
from multisource.simulation.ar_io import parametric_spectrum, read_models
from multisource.simulation.continuous import simulate_continuous
from multisource.simulation.fit import fit_models
from multisource.simulation.samples import Simulator, simulate_samples
from multisource.simulation.settings import Artefacts, BadChannels, Noise, Settings

TABLE = Path(__file__).parents[1] / "resources" / "ar-models.yaml"
PLAIN = Settings()
SEED = 4


def draw_traces(
    axes,
    eeg,
    sfreq,
    *,
    names=(),
    spacing_uv=None,
    colours="#303030",
):
    """Draw channels (E, T) in V below each other; return the distance between them in uV."""
    microvolts = eeg * 1e6
    spacing = spacing_uv or 4 * float(np.median(microvolts.std(axis=1)))
    times = np.arange(eeg.shape[1]) / sfreq
    colours = [colours] * len(eeg) if isinstance(colours, str) else colours
    for row, (series, colour) in enumerate(zip(microvolts, colours, strict=True)):
        axes.plot(times, series - row * spacing, color=colour, linewidth=0.7)
    axes.set_yticks([-row * spacing for row in range(len(eeg))], names or [""] * len(eeg))
    axes.tick_params(axis="y", labelsize=7, length=0)
    axes.set_ylim(-(len(eeg) - 0.2) * spacing, 0.8 * spacing + spacing * 0.2)
    axes.margins(x=0)
    axes.set_xlabel("time (s)")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    return spacing


class Study:
    """Leadfield, montage and models of the default study."""

    def __init__(self, results: Path) -> None:
        self.a = read_leadfield(results / "leadfield" / "fem-fwd.fif")
        self.b = read_leadfield(results / "leadfield" / "bem-fwd.fif")
        electrodes = read_electrodes(results / "anatomy" / "electrodes.tsv")
        places = dict(zip(electrodes.names, electrodes.positions, strict=True))
        self.electrodes = np.array([places[name] for name in self.a.channels])
        self.gain = self.a.fixed

    def models(self, sfreq=250.0):
        return read_models(TABLE, sfreq=sfreq)

    def simulator(self, settings):
        return Simulator(
            self.gain,
            self.a.positions,
            self.models(settings.sfreq),
            settings,
            seed=SEED,
            split="picture",
            channels=self.a.channels,
            electrodes=self.electrodes,
        )

    def record(self, settings, duration_s=4.0, centres=(2000, 6500), extents=(40.0, 40.0)):
        data = simulate_continuous(
            self.simulator(settings), centres, extents, duration_s=duration_s
        )
        return data["eeg"].values.transpose(1, 0, 2).reshape(len(self.gain), -1)

    def sample(self, settings, indices):
        return simulate_samples(self.simulator(settings), indices)

    def rows(self, names):
        return [self.a.channels.index(name) for name in names]


SHOWN = ["AF3", "AF4", "F3", "F4", "FC5", "FC6", "C3", "C4", "T7", "T8", "P3", "P4", "PO7", "PO8"]


def models_picture(study):
    content = yaml.safe_load(TABLE.read_text())["models"]
    freqs = np.linspace(0, 125, 2001)
    wanted = np.stack([parametric_spectrum(freqs, c["spectrum"]) for c in content.values()])
    return spectra_figure(study.models(), freqs, wanted, label="published form")


def fit_picture(study):
    """Fit to a minute that was itself simulated on A, seen through operator B."""
    eeg = study.record(PLAIN, 120.0, centres=(1000, 3000, 5000, 7500), extents=(60.0,) * 4)
    recorded = prepare_recording([eeg], 250.0, study.a.channels)
    gain = study.b.fixed
    gram = gain @ gain.T
    kernel = gain.T @ np.linalg.inv(gram + np.trace(gram) / len(gram) / 9 * np.eye(len(gram)))
    fit = fit_models(recorded.segments, kernel, sfreq=recorded.sfreq, n_models=6, order=30)
    return spectra_figure(fit.models, fit.freqs, fit.measured)


def noise_picture(study):
    kinds = {
        "white": Noise(snr_db=(0.0, 0.0)),
        "1/f, exponent 1": Noise(snr_db=(0.0, 0.0), exponent=1.0),
        "correlated, 60 mm": Noise(snr_db=(0.0, 0.0), spatial_mm=60.0),
    }
    figure = Figure(figsize=(10, 8.5), layout="constrained")
    grid = figure.subplots(3, 3, width_ratios=[2, 1, 1])
    shown = study.rows(["F3", "F4", "C3", "C4", "T7", "T8"])
    clean = study.record(PLAIN, 60.0)
    distance = np.linalg.norm(study.electrodes[:, None] - study.electrodes[None], axis=2)
    upper = np.triu_indices(len(distance), 1)
    for (traces, spectrum, scatter), (name, noise) in zip(grid, kinds.items(), strict=True):
        noisy = study.record(replace(PLAIN, noise=noise), 60.0)
        names = [study.a.channels[row] for row in shown]
        spacing = draw_traces(traces, noisy[shown, :500], 250, names=names, colours=FITTED)
        draw_traces(traces, clean[shown, :500], 250, names=names, spacing_uv=spacing)
        traces.set_title(f"{name}, SNR 0 dB (black: without)", fontsize=9)
        for eeg, colour in ((noisy - clean, FITTED), (clean, "#303030")):
            freqs, power = welch(eeg * 1e6, 250, nperseg=500)
            spectrum.loglog(freqs[1:200], power.mean(axis=0)[1:200], color=colour, linewidth=1)
        spectrum.set(title="noise and EEG, mean spectrum", xlabel="Hz", ylabel="µV²/Hz")
        correlation = np.corrcoef(noisy - clean)
        scatter.plot(distance[upper], correlation[upper], ".", color=FITTED, markersize=2)
        scatter.set(title="noise of two channels", xlabel="distance (mm)", ylabel="correlation")
        scatter.set_ylim(-0.6, 1)
        for axes in (spectrum, scatter):
            axes.title.set_fontsize(9)
            axes.grid(alpha=0.3)
    return figure


def artefact_picture(study):
    figure = Figure(figsize=(10, 9), layout="constrained")
    grid = figure.subplots(3, 2, width_ratios=[1, 3])
    patterns = [
        eyes.blink_topography(study.electrodes),
        eyes.saccade_topography(study.electrodes),
        muscle.muscle_topographies(study.electrodes)[3],
    ]
    shown = study.rows(SHOWN)
    for (left, right), kind, pattern in zip(
        grid, ("blink", "saccade", "muscle"), patterns, strict=True
    ):
        draw_topography(left, pattern, study.electrodes)
        left.set_title(kind, fontsize=10)
        settings = replace(PLAIN, artefacts=Artefacts(**{kind: 0.15}, blink_uv=(80.0, 120.0)))
        eeg, clean = study.record(settings)[shown], study.record(PLAIN)[shown]
        spacing = draw_traces(right, eeg, 250, names=SHOWN, colours=FITTED, spacing_uv=50)
        draw_traces(right, clean, 250, names=SHOWN, spacing_uv=spacing)
        right.set_title(f"{kind}, chance 0.15 per window (black: without)", fontsize=9)
    return figure


def bad_channel_picture(study):
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    settings = replace(PLAIN, bad_channels=BadChannels(count=(8, 8), noisy_uv=(30.0, 60.0)))
    data = study.sample(settings, [3])
    eeg, bad = data["eeg"].values[0], data["bad"].values[0]
    order = np.argsort(~bad, kind="stable")[:16]
    colours = [FITTED if b else "#303030" for b in bad[order]]
    names = [study.a.channels[row] for row in order]
    draw_traces(axes, eeg[order], 250, names=names, colours=colours, spacing_uv=60)
    axes.set_title("8 bad channels (red): flat or noisy; 8 others (black)", fontsize=9)
    return figure


def patch_picture(study):
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    grid = figure.subplots(1, 4)
    settings = replace(PLAIN, n_patches=(5, 5), amplitude_ratio=(0.2, 1.0))
    data = study.sample(settings, range(1))
    truth = np.zeros(len(study.a.positions))
    truth[data["truth_dipole"].values] = data["truth_coefficient"].values
    x, y, z = study.a.positions.T
    for axes, (first, second, title) in zip(
        grid, ((x, y, "from above"), (y, z, "from the right")), strict=False
    ):
        axes.scatter(first, second, s=0.4, color="0.85")
        on = truth > 0
        axes.scatter(first[on], second[on], s=2, c=truth[on], cmap="YlOrRd", vmin=0, vmax=1)
        axes.set_aspect("equal")
        axes.axis("off")
        axes.set_title(f"five patches, {title}", fontsize=9)
    amplitude = study.sample(settings, range(300))["amplitude"].values
    grid[2].boxplot(amplitude, widths=0.6)
    grid[2].set(xlabel="patch", ylabel="amplitude over the first")
    grid[2].set_title("amplitude_ratio [0.2, 1]", fontsize=9)
    rhos, found = np.linspace(0, 0.95, 8), []
    for rho in rhos:
        correlated = replace(PLAIN, n_patches=(2, 2), patch_correlation=float(rho))
        simulator = study.simulator(correlated)
        indices = np.arange(400, dtype=np.uint64)
        white = simulator._centre_white(simulator.patches(indices), indices)
        found.append(np.corrcoef(white[:, 0].ravel(), white[:, 1].ravel())[0, 1])
    grid[3].plot([0, 1], [0, 1], color="0.7")
    grid[3].plot(rhos, found, "o", color=FITTED, markersize=4)
    grid[3].set(xlabel="patch_correlation", ylabel="correlation of two centres")
    grid[3].set_title("400 samples each", fontsize=9)
    return figure


def rate_picture(study):
    figure = Figure(figsize=(10, 3.4), layout="constrained")
    spectrum, traces = figure.subplots(1, 2, width_ratios=[1, 1.6])
    for sfreq, colour in ((100.0, "#999999"), (250.0, MEASURED), (1000.0, FITTED)):
        models = study.models(sfreq)
        freqs = np.linspace(1, sfreq / 2, 500)
        power = power_spectrum(models.coefficients[3], freqs, sfreq)
        spectrum.loglog(freqs, power, color=colour, label=f"{sfreq:.0f} Hz")
    spectrum.set(xlabel="frequency (Hz)", ylabel="power (1/Hz)")
    spectrum.set_title("the occipital model at three rates", fontsize=9)
    spectrum.legend(frameon=False)
    spectrum.grid(alpha=0.3)
    for row, (sfreq, window, colour) in enumerate(
        ((250.0, 0.2, "#303030"), (250.0, 1.0, MEASURED), (1000.0, 0.5, FITTED))
    ):
        settings = replace(PLAIN, sfreq=sfreq, window_s=window)
        eeg = study.sample(settings, [1])["eeg"].values[0, study.rows(["T7"])[0]] * 1e6
        traces.plot(np.arange(len(eeg)) / sfreq, eeg - 25 * row, color=colour, linewidth=0.8)
        traces.text(window + 0.01, -25 * row, f"{window:g} s at {sfreq:.0f} Hz", fontsize=8)
    traces.set(xlabel="time (s)", ylabel="T7 (µV, shifted)", xlim=(0, 1.25))
    traces.set_title("one sample each", fontsize=9)
    return figure


PICTURES = {
    "ar-models": models_picture,
    "ar-fit": fit_picture,
    "noise": noise_picture,
    "artefacts": artefact_picture,
    "bad-channels": bad_channel_picture,
    "patches": patch_picture,
    "rates": rate_picture,
}


def main() -> None:
    study, folder = Study(Path(sys.argv[1])), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[3:] or PICTURES:
        PICTURES[name](study).savefig(folder / f"simulation-{name}.png", dpi=110)


if __name__ == "__main__":
    main()
