from pathlib import Path

import pandas as pd

from multisource.anatomy.source_table import read_source_table
from multisource.curves.methods import named_methods
from multisource.curves.point import measure_point
from multisource.curves.windows import (
    first_windows,
    given_to_methods,
    windows_apart,
    windows_deep,
)
from multisource.evaluation.thresholds import read_thresholds
from multisource.files import atomic
from multisource.inverse.contract import Study
from multisource.inverse.window_noise import noise_of_windows
from multisource.simulation.samples import simulate_samples
from multisource.simulation.study import study_simulator
from multisource.steps import step

with step(snakemake):
    given, params = snakemake.input, snakemake.params
    positions = read_source_table(given.sources).positions
    simulator = study_simulator(
        forward=given.forward,
        ar_models=given.ar_models,
        electrodes=given.electrodes,
        sources=given.sources,
        settings=params.simulation,
        seed=params.seed,
        split=f"curve {snakemake.wildcards.curve}",
    )
    if params.setting == "distance_mm":
        indices = windows_apart(simulator, positions, params.samples, params.value)
    elif params.setting == "depth_mm":
        depth = pd.read_csv(given.depth)["depth_mm"].to_numpy()
        indices = windows_deep(simulator, depth, params.samples, params.value)
    else:
        indices = first_windows(params.samples)
    windows = given_to_methods(
        simulate_samples(simulator, indices),
        channels=params.channels,
        reference=params.value if params.setting == "reference" else "average",
    )
    noise = None
    if any(one["measured"] for one in params.solvers.values()):
        noise = noise_of_windows(windows, given.forward[0], given.electrodes)
    study = Study(ar_models=given.ar_models, sources=given.sources, **params.study)
    files = list(given.networks)
    metrics = measure_point(
        windows,
        named_methods(
            {name: files[3 * k : 3 * k + 3] for k, name in enumerate(params.networks)},
            {name: one | {"study": study} for name, one in params.solvers.items()},
            positions,
            noise,
        ),
        {Path(path).stem: read_thresholds(path) for path in given.thresholds},
        positions,
        **params.metrics,
    )
    with atomic(snakemake.output.metrics) as part:
        metrics.to_parquet(part, index=False)
