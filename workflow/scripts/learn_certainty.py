from multisource.anatomy.source_table import read_source_table
from multisource.certainty.certainty import fit_certainty, save_certainty
from multisource.network.prediction import predict
from multisource.network.weights import load_network
from multisource.simulation.chunks import read_eeg, read_truth
from multisource.steps import step

with step(snakemake):
    network, _ = load_network(snakemake.input.weights, snakemake.input.settings)
    windows = read_eeg(snakemake.input.chunks)
    if channels := snakemake.params.channels:
        windows = windows.of_channels(channels)
    maps = predict(network, windows.eeg, threads=snakemake.threads)
    certainty = fit_certainty(
        maps.estimate,
        maps.likely,
        read_truth(snakemake.input.chunks),
        read_source_table(snakemake.input.sources).positions,
    )
    save_certainty(snakemake.output.certainty, certainty)
