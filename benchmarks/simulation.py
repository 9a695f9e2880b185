"""Samples per CPU second: ours beside the dense path, MNE-Python and invertmeeg.

    pip install invertmeeg      # optional; its line is left out without it
    python benchmarks/simulation.py results/fsaverage --part all

One core (set OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1). Every simulator makes
1-3 patches on the same 8196 dipoles, 51 channels, 50 times. Ours and the dense path make the
paper's samples with truth; MNE's ``simulate_evoked`` projects given source series (drawing them
is not counted); invertmeeg makes its own kind of patches and noise. The best of several blocks is
given beside the median, since a shared machine slows CPU seconds too.
"""

from __future__ import annotations

import argparse
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from multisource.leadfield.forward import read_leadfield
from multisource.simulation.ar import stationary_series
from multisource.simulation.ar_io import read_models
from multisource.simulation.samples import BLOCK, Simulator
from multisource.simulation.settings import Settings
from multisource.simulation.synchronise import dense_sources

TABLE = Path(__file__).parents[1] / "resources" / "ar-models.yaml"


def cpu(step: Callable[[int], object], repeats: int) -> np.ndarray:
    """CPU seconds of each repeat, after one that is not counted."""
    step(0)
    spent = []
    for i in range(repeats):
        start = time.process_time()
        step(i + 1)
        spent.append(time.process_time() - start)
    return np.array(spent)


def line(name: str, samples: int, spent: np.ndarray, note: str = "") -> None:
    best, median = samples / spent.min(), samples / np.median(spent)
    print(f"{name:42s} {best:10.1f} {median:10.1f}  {note}", flush=True)


def memory() -> str:
    return f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


def ours(gain, positions, *, repeats: int = 40, settings: Settings | None = None, **more):
    """CPU seconds of blocks of samples with dense truth."""
    simulator = Simulator(
        gain,
        positions,
        read_models(TABLE, sfreq=250.0),
        settings or Settings(),
        seed=1,
        split="benchmark",
        **more,
    )

    def step(i):
        block = simulator.block(np.arange(i * BLOCK, (i + 1) * BLOCK))
        return block.eeg, block.patches.truth.dense()

    return cpu(step, repeats)


def dense(gain, positions, repeats: int = 3) -> np.ndarray:
    """The paper's formulas dipole by dipole."""
    models = read_models(TABLE, sfreq=250.0)
    simulator = Simulator(gain, positions, models, Settings(), seed=1, split="benchmark")
    draw = np.random.default_rng(0)

    def step(i):
        patches = simulator.patches(np.array([i], dtype=np.uint64))
        series = np.empty((gain.shape[1], 50))
        for m, a in enumerate(models.coefficients):
            members = np.flatnonzero(simulator.classes == m)
            series[members] = stationary_series(a, len(members), 50, draw)
        given = patches.truth.centre[0] >= 0
        return gain @ dense_sources(
            series,
            patches.truth.centre[0][given],
            patches.truth.dipole,
            patches.coefficients[:, given],
            boost=10.0,
        )

    return cpu(step, repeats)


def with_mne(path: Path, positions, gain, *, sparse: bool, repeats: int = 5) -> np.ndarray:
    import mne

    forward = mne.read_forward_solution(path, verbose="error")
    forward = mne.convert_forward_solution(
        forward, surf_ori=True, force_fixed=True, verbose="error"
    )
    info = mne.create_info(forward["info"]["ch_names"], 250.0, "eeg")
    vertices = [s["vertno"] for s in forward["src"]]
    models = read_models(TABLE, sfreq=250.0)
    simulator = Simulator(gain, positions, models, Settings(), seed=1, split="benchmark")
    draw = np.random.default_rng(0)

    def step(i):
        values = 1e-9 * draw.standard_normal((len(positions), 50))
        chosen = vertices
        if sparse:
            active = np.sort(simulator.patches(np.array([i], dtype=np.uint64)).dipoles)
            values, split = values[active], len(vertices[0])
            chosen = [
                vertices[0][active[active < split]],
                vertices[1][active[active >= split] - split],
            ]
        stc = mne.SourceEstimate(values, chosen, 0, 1 / 250)
        mne.simulation.simulate_evoked(
            forward, stc, info, cov=None, nave=np.inf, use_cps=False, verbose="error"
        )

    return cpu(step, repeats)


def with_invertmeeg(path: Path, repeats: int = 2, batch: int = 50) -> np.ndarray:
    import mne
    from invert.simulate import SimulationConfig, SimulationGenerator

    forward = mne.read_forward_solution(path, verbose="error")
    forward = mne.convert_forward_solution(
        forward, surf_ori=True, force_fixed=True, verbose="error"
    )
    config = SimulationConfig(
        batch_size=batch, n_sources=(1, 3), n_orders=(2, 4), n_timepoints=50, random_seed=0
    )
    generator = SimulationGenerator(forward, config).generate()
    return cpu(lambda _: next(generator), repeats)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="a study's results, for its leadfields")
    parser.add_argument("--part", choices=["all", "speed", "growth"], default="all")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    path = arguments.results / "leadfield" / "fem-fwd.fif"
    leadfield = read_leadfield(path)
    gain, positions = leadfield.fixed, leadfield.positions
    print(f"{'samples per CPU second':42s} {'best':>10s} {'median':>10s}")
    # Ours first: the peers' imports would raise the peak of memory.
    if arguments.part in ("all", "speed"):
        line("ours, dense truth included", BLOCK, ours(gain, positions, repeats=200), memory())
    if arguments.part in ("all", "growth"):
        for n in (1, 10, 100, 400):
            spent = ours(gain, positions, repeats=n)
            line(f"ours, {n * BLOCK} samples", BLOCK, spent, f"{spent.sum():.2f} CPU s, {memory()}")
        draw = np.random.default_rng(0)
        for n in (1024, 2048, 4096, 8196, 16392):
            pick = draw.integers(0, len(positions), n) if n > 8196 else draw.permutation(8196)[:n]
            places = positions[pick] + draw.uniform(-0.5, 0.5, (n, 3))
            line(f"ours, {n} dipoles", BLOCK, ours(gain[:, pick], places))
    if arguments.part in ("all", "speed"):
        line("dense path, 8196 series", 1, dense(gain, positions))
        line("MNE simulate_evoked, all dipoles", 1, with_mne(path, positions, gain, sparse=False))
        line("MNE simulate_evoked, active dipoles", 1, with_mne(path, positions, gain, sparse=True))
        try:
            line("invertmeeg SimulationGenerator", 50, with_invertmeeg(path))
        except ImportError:
            print("invertmeeg is not installed")


if __name__ == "__main__":
    main()
