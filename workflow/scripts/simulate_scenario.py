import mne

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.io import load_head
from multisource.anatomy.scenarios import place_scenario, read_scenarios
from multisource.anatomy.source_space import source_geometry
from multisource.leadfield.forward import read_leadfield
from multisource.logs import logged
from multisource.simulation.ar_io import read_models
from multisource.simulation.chunks import write_chunk
from multisource.simulation.recording import simulate_recording
from multisource.simulation.samples import Simulator
from multisource.simulation.settings import settings_from

with logged(snakemake.log[0]):
    region = snakemake.wildcards.region
    settings = settings_from(snakemake.params.settings)
    head = load_head(snakemake.params.anatomy)
    sources = mne.read_source_spaces(snakemake.input.sources, verbose="error")
    dipoles = source_geometry(sources, head.surfaces)
    scenario = read_scenarios(snakemake.input.scenarios)[region]
    centres, extents, _ = place_scenario(scenario, dipoles, head.to_mni)
    operator = read_leadfield(snakemake.input.forward)
    simulator = Simulator(
        operator.fixed,
        operator.positions,
        read_models(snakemake.input.ar_models, sfreq=settings.sfreq),
        settings,
        seed=snakemake.params.seed,
        split=region,
        channels=operator.channels,
        electrodes=read_electrodes(snakemake.input.electrodes).positions,
    )
    data = simulate_recording(simulator, centres, extents, duration_s=snakemake.params.duration_s)
    write_chunk(snakemake.output.chunk, data, chunk=0)
