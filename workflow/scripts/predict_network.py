from multisource.anatomy.source_table import read_source_table
from multisource.certainty.certainty import load_certainty, tell_sources
from multisource.certainty.variables import as_variables
from multisource.evaluation.estimates import write_estimates
from multisource.files import by_folder
from multisource.network.prediction import predict
from multisource.network.weights import check_recording, load_network
from multisource.simulation.chunks import read_eeg
from multisource.steps import step

with step(snakemake):
    network, settings = load_network(snakemake.input.weights, snakemake.input.settings)
    certainty = load_certainty(snakemake.input.certainty)
    positions = read_source_table(snakemake.input.sources).positions
    outputs = by_folder(snakemake.output.estimates)
    for scenario, paths in by_folder(snakemake.input.chunks).items():
        windows = read_eeg(paths)
        check_recording(settings, windows.channels, len(windows.time))
        maps = predict(network, windows.eeg, threads=snakemake.threads)
        active, coefficient = maps.estimate, maps.coefficient
        likely = active if coefficient is None else coefficient
        said = certainty and tell_sources(certainty, active, likely, positions)
        (output,) = outputs[scenario]
        write_estimates(
            output,
            active,
            scenario=scenario,
            method=snakemake.wildcards.network,
            coefficients=coefficient,
            more=said and as_variables(said),
        )
