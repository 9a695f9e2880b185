from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.source_table import read_source_table
from multisource.leadfield.forward import read_leadfield
from multisource.logs import logged
from multisource.simulation.ar_io import read_models
from multisource.simulation.chunks import write_chunk
from multisource.simulation.samples import Simulator, simulate_samples
from multisource.simulation.settings import settings_from

with logged(snakemake.log[0]):
    settings = settings_from(snakemake.params.settings)
    operator = read_leadfield(snakemake.input.forward)
    simulator = Simulator(
        operator.fixed,
        operator.positions,
        read_models(snakemake.input.ar_models, sfreq=settings.sfreq),
        settings,
        seed=snakemake.params.seed,
        split=snakemake.wildcards.split,
        cortex=~read_source_table(snakemake.input.sources).medial_wall,
        channels=operator.channels,
        electrodes=read_electrodes(snakemake.input.electrodes).positions,
    )
    data = simulate_samples(simulator, range(*snakemake.params.range), progress=True)
    write_chunk(snakemake.output.chunk, data, chunk=int(snakemake.wildcards.chunk))
