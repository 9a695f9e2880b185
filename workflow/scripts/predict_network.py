from multisource.evaluation.estimates import write_estimates
from multisource.files import by_folder
from multisource.network.prediction import predict
from multisource.network.weights import check_recording, load_network
from multisource.simulation.chunks import read_chunks
from multisource.steps import step

with step(snakemake):
    network, settings = load_network(snakemake.input.weights, snakemake.input.settings)
    outputs = by_folder(snakemake.output.estimates)
    for scenario, paths in by_folder(snakemake.input.chunks).items():
        data = read_chunks(paths)
        check_recording(settings, list(data["channel"].values), data.sizes["time"])
        maps = predict(network, data["eeg"].values, threads=snakemake.threads)
        (output,) = outputs[scenario]
        write_estimates(
            output,
            maps.estimate,
            scenario=scenario,
            method=snakemake.wildcards.network,
            coefficients=maps.coefficient,
        )
