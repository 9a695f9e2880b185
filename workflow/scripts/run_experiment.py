import mne

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.source_table import read_source_table
from multisource.experiments.one_change import (
    read_changes,
    score_solvers,
    smoothed_normals,
    with_normals,
)
from multisource.files import atomic
from multisource.leadfield.forward import fixed_gain, read_leadfield
from multisource.simulation.ar_io import read_models
from multisource.simulation.samples import Simulator, simulate_samples
from multisource.simulation.settings import settings_from
from multisource.steps import step

with step(snakemake):
    change = read_changes(snakemake.input.changes)[snakemake.wildcards.experiment]
    settings = settings_from(snakemake.params.simulation | change.simulation)
    operator = read_leadfield(snakemake.input.fem)
    table = read_source_table(snakemake.input.sources)
    normals = smoothed_normals(
        operator.positions, operator.normals, table.hemisphere, change.smooth_normals_mm
    )
    forward = mne.read_forward_solution(snakemake.input[change.operator], verbose="error")
    simulator = Simulator(
        fixed_gain(operator.free, normals),
        operator.positions,
        read_models(snakemake.input.ar_models, sfreq=settings.sfreq),
        settings,
        seed=snakemake.params.seed,
        split="test",
        cortex=~table.medial_wall,
        channels=operator.channels,
        electrodes=read_electrodes(snakemake.input.electrodes).positions,
    )
    metrics = score_solvers(
        simulate_samples(simulator, range(snakemake.params.samples)),
        with_normals(forward, normals),
        operator.positions,
        change.solver_settings(snakemake.params.solvers),
        snr=snakemake.params.snr,
        close_radius_mm=snakemake.params.close_radius_mm,
    )
    metrics.insert(0, "scenario", snakemake.wildcards.experiment)
    with atomic(snakemake.output.metrics) as part:
        metrics.to_parquet(part, index=False)
