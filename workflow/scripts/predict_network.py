from multisource.anatomy.source_table import read_source_table
from multisource.certainty.variables import as_variables
from multisource.evaluation.estimates import write_estimates
from multisource.files import by_folder
from multisource.network.answers import TrainedNetwork
from multisource.simulation.chunks import read_eeg
from multisource.steps import step

with step(snakemake):
    given = snakemake.input
    positions = read_source_table(given.sources).positions
    network = TrainedNetwork(given.weights, given.settings, given.certainty, positions)
    outputs = by_folder(snakemake.output.estimates)
    for scenario, paths in by_folder(given.chunks).items():
        windows = read_eeg(paths)
        said = network(windows.eeg, windows.channels, threads=snakemake.threads)
        (output,) = outputs[scenario]
        write_estimates(
            output,
            said.maps,
            scenario=scenario,
            method=snakemake.wildcards.network,
            coefficients=said.coefficients,
            more=said.sources and as_variables(said.sources),
        )
