from multisource.anatomy.source_table import read_source_table
from multisource.certainty.certainty import load_certainty, tell_sources
from multisource.certainty.variables import as_variables
from multisource.evaluation.estimates import write_estimates
from multisource.network.weights import check_recording, load_network
from multisource.recordings.measured import show_recording
from multisource.recordings.ordinary import read_ordinary
from multisource.simulation.chunks import read_eeg
from multisource.steps import step

with step(snakemake):
    network, settings = load_network(snakemake.input.weights, snakemake.input.settings)
    certainty = load_certainty(snakemake.input.certainty)
    windows = read_eeg([snakemake.input.windows])
    check_recording(settings, windows.channels, len(windows.time))
    shown = show_recording(
        network, windows.eeg, read_ordinary(snakemake.input.ordinary), threads=snakemake.threads
    )
    said = certainty and tell_sources(
        certainty,
        shown.maps.estimate,
        shown.maps.likely,
        read_source_table(snakemake.input.sources).positions,
        presence=shown.presence,
    )
    active, coefficient = shown.weighted
    write_estimates(
        snakemake.output.estimates,
        active,
        scenario=snakemake.wildcards.recording,
        method=snakemake.wildcards.network,
        coefficients=coefficient,
        more=said and as_variables(said),
    )
