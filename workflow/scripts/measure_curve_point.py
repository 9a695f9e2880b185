from pathlib import Path

from multisource.anatomy.source_table import read_source_table
from multisource.curves.methods import named_methods
from multisource.curves.point import measure_point
from multisource.curves.windows import point_windows
from multisource.evaluation.thresholds import read_thresholds
from multisource.files import atomic
from multisource.inverse.contract import Study
from multisource.inverse.window_noise import noise_of_windows
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
    windows = point_windows(
        simulator,
        params.setting,
        params.value,
        params.samples,
        positions=positions,
        depth=given.depth,
        channels=params.channels,
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
