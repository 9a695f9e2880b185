import mne

from multisource.anatomy.io import load_head
from multisource.anatomy.scenarios import place_scenario, read_scenarios
from multisource.anatomy.source_space import source_geometry
from multisource.files import by_folder
from multisource.simulation.chunks import write_chunk
from multisource.simulation.continuous import simulate_continuous
from multisource.simulation.study import study_simulator
from multisource.steps import step

with step(snakemake):
    head = load_head(snakemake.params.anatomy)
    sources = mne.read_source_spaces(snakemake.input.sources, verbose="error")
    dipoles = source_geometry(sources, head.surfaces)
    scenarios = read_scenarios(snakemake.input.scenarios)
    outputs = by_folder(snakemake.output.chunks)
    study = study_simulator(
        forward=snakemake.input.forward,
        ar_models=snakemake.input.ar_models,
        electrodes=snakemake.input.electrodes,
        settings=snakemake.params.settings,
        seed=snakemake.params.seed,
        split=next(iter(outputs)),
    )
    for name, (output,) in outputs.items():
        centres, extents, _ = place_scenario(scenarios[name], dipoles, head.to_mni)
        simulator = study.for_split(name)
        data = simulate_continuous(
            simulator, centres, extents, duration_s=snakemake.params.duration_s
        )
        write_chunk(output, data, chunk=0)
