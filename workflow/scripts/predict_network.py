from multisource.evaluation.estimates import write_estimates
from multisource.files import by_folder
from multisource.network.prediction import predict
from multisource.network.weights import check_recording, load_network
from multisource.simulation.chunks import read_eeg
from multisource.steps import step

with step(snakemake):
    network, settings = load_network(snakemake.input.weights, snakemake.input.settings)
    outputs = by_folder(snakemake.output.estimates)
    for scenario, paths in by_folder(snakemake.input.chunks).items():
        windows = read_eeg(paths)
        check_recording(settings, windows.channels, len(windows.time))
        maps = predict(network, windows.eeg, threads=snakemake.threads)
        (output,) = outputs[scenario]
        write_estimates(
            output,
            maps.estimate,
            scenario=scenario,
            method=snakemake.wildcards.network,
            coefficients=maps.coefficient,
        )
