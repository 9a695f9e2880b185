from multisource.evaluation.estimates import write_estimates
from multisource.network.prediction import predict
from multisource.network.weights import check_recording, load_network
from multisource.simulation.chunks import read_chunks
from multisource.steps import step

with step(snakemake):
    data = read_chunks(snakemake.input.chunks)
    network, settings = load_network(snakemake.input.weights, snakemake.input.settings)
    check_recording(settings, list(data["channel"].values), data.sizes["time"])
    write_estimates(
        snakemake.output.estimate,
        predict(network, data["eeg"].values, threads=snakemake.threads),
        scenario=snakemake.wildcards.scenario,
        method=snakemake.wildcards.network,
    )
