"""What CaliBrain's solvers say of their own uncertainty, on windows of a finished study.

    pip install --no-deps calibrain && pip install POT
    python benchmarks/calibrain_coverage.py results/fsaverage

CaliBrain (PyPI, https://github.com/braindatalab/CaliBrain) measures how often the true amplitude of
a dipole lies within a solver's credible interval. Here its Bayesian minimum norm (one variance for
all dipoles, fitted to the window by evidence) and its gamma-MAP (one for each dipole, most of which
become 0) are given windows like those of the random test set, with the moments of every dipole:
seen through operator A with white noise of 10 dB, solved with the operator named, fixed
orientation, the noise's true variance known. Coverage over all dipoles and moments, and over the
active dipoles alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from calibrain import UncertaintyEstimator
from calibrain.source_estimation import BMN_opt, gamma_map

from multisource.anatomy.source_table import read_source_table
from multisource.leadfield.forward import read_leadfield
from multisource.simulation.ar import stationary_series
from multisource.simulation.ar_io import read_models
from multisource.simulation.samples import Simulator
from multisource.simulation.settings import Settings
from multisource.simulation.synchronise import dense_sources

LEVELS = (0.5, 0.8, 0.95)
SNR_DB = 10.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--windows", type=int, default=20)
    parser.add_argument("--ar-models", default="resources/ar-models.yaml")
    arguments = parser.parse_args()
    folder = arguments.results / "leadfield"
    settings = Settings()
    models = read_models(arguments.ar_models, sfreq=settings.sfreq)
    cortex = ~read_source_table(folder / "sources.tsv").medial_wall
    seen = read_leadfield(folder / "fem-fwd.fif")
    simulator = Simulator(
        seen.fixed, seen.positions, models, settings, seed=2025, split="test", cortex=cortex
    )
    # In average reference and in units in which amplitudes are nAm and the EEG microvolts.
    gains = {
        name: 1e-3 * referenced(read_leadfield(folder / f"{name}-fwd.fif").fixed)
        for name in ("fem", "bem")
    }
    uncertainty = UncertaintyEstimator(nominal_coverages=np.array(LEVELS))
    covered = {}
    patches = simulator.patches(np.arange(arguments.windows, dtype=np.uint64))
    for window in range(arguments.windows):
        rng = np.random.default_rng([2025, window])
        truth = moments(simulator, patches, window, rng)
        brain = gains["fem"] @ truth
        noise = np.sqrt((brain**2).mean() / 10 ** (SNR_DB / 10))
        eeg = referenced(brain + noise * rng.standard_normal(brain.shape))
        active = patches.truth.active(window)
        for operator, gain in gains.items():
            for solver in ("BMN", "gamma-MAP"):
                mean, variance = solve(solver, gain, eeg, noise**2)
                for which, rows in (("all", slice(None)), ("active", active)):
                    curve = uncertainty.calibration_curve_intervals_pointwise(
                        x_true=truth[rows], x_hat=mean[rows], posterior_var=variance[rows]
                    )
                    key = solver, operator, which
                    covered.setdefault(key, []).append(curve["empirical_coverages"])
        print(f"window {window + 1} of {arguments.windows}", flush=True)
    print(f"{'solver':10s} {'operator':9s} {'dipoles':8s}" + "".join(f"{c:8.0%}" for c in LEVELS))
    for (solver, operator, which), shares in covered.items():
        mean = np.mean(shares, axis=0)
        print(f"{solver:10s} {operator:9s} {which:8s}" + "".join(f"{c:8.2f}" for c in mean))


def referenced(values: np.ndarray) -> np.ndarray:
    """Subtract the mean over channels."""
    return values - values.mean(axis=0)


def moments(simulator: Simulator, patches, window: int, rng: np.random.Generator) -> np.ndarray:
    """Return the moments of all dipoles (N, T), nAm: background, patches, synchronisation."""
    settings, models = simulator.settings, simulator.models
    series = np.empty((simulator.n_dipoles, settings.n_times))
    for k, coefficients in enumerate(models.coefficients):
        own = np.flatnonzero(simulator.classes == k)
        series[own] = stationary_series(coefficients, len(own), settings.n_times, rng)
    first, last = patches.truth.offset[window : window + 2]
    centres = patches.truth.centres(window)
    return settings.background_nam * dense_sources(
        series,
        centres,
        patches.truth.dipole[first:last],
        patches.coefficients[first:last, : len(centres)],
        boost=settings.boost,
    )


def solve(solver: str, gain: np.ndarray, eeg: np.ndarray, noise: float):
    """Return mean (N, T) and variance (N,) of the amplitudes."""
    if solver == "BMN":
        # Its own function without the normalisation by a matrix of N x N.
        mean, covariance, _ = BMN_opt(eeg / np.sqrt(noise), gain / np.sqrt(noise), alpha=1.0)
        return mean, np.diag(covariance).copy()
    found = gamma_map(gain, eeg, noise, max_iter=100)
    return found["posterior_mean"], np.diag(found["posterior_cov"]).copy()


if __name__ == "__main__":
    main()
