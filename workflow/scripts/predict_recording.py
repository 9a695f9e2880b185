from multisource.anatomy.source_table import read_source_table
from multisource.certainty.variables import as_variables
from multisource.evaluation.estimates import write_estimates
from multisource.network.answers import TrainedNetwork
from multisource.recordings.answers import ask_network
from multisource.recordings.ordinary import ordinary_of
from multisource.simulation.chunks import read_eeg
from multisource.steps import step

with step(snakemake):
    given = snakemake.input
    positions = read_source_table(given.sources).positions
    network = TrainedNetwork(given.weights, given.settings, given.certainty, positions)
    windows = read_eeg([given.windows])
    said = ask_network(
        network,
        windows.eeg,
        windows.channels,
        ordinary_of(given.ordinary, given.against),
        threads=snakemake.threads,
    )
    write_estimates(
        snakemake.output.estimates,
        said.maps,
        scenario=snakemake.wildcards.recording,
        method=snakemake.wildcards.network,
        coefficients=said.coefficients,
        more=said.sources and as_variables(said.sources),
    )
