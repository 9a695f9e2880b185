from multisource.simulation.chunks import write_chunk
from multisource.simulation.samples import simulate_samples
from multisource.simulation.study import study_simulator
from multisource.steps import step

with step(snakemake):
    simulator = study_simulator(
        **dict(snakemake.input.items()),
        settings=snakemake.params.settings,
        seed=snakemake.params.seed,
        split=snakemake.wildcards.split,
    )
    data = simulate_samples(simulator, range(*snakemake.params.range))
    write_chunk(snakemake.output.chunk, data, chunk=int(snakemake.wildcards.chunk))
