from multisource.anatomy.source_table import read_source_table
from multisource.evaluation.estimates import write_estimates
from multisource.inverse.choice import with_choice
from multisource.inverse.contract import Study
from multisource.recordings.ordinary import ordinary_of
from multisource.recordings.solved import ask_solver
from multisource.simulation.chunks import read_eeg
from multisource.steps import step

with step(snakemake):
    given, params = snakemake.input, snakemake.params
    study = params.study and Study(ar_models=given.ar_models, sources=given.sources, **params.study)
    windows = read_eeg([given.windows])
    solver = params.solver | {"settings": with_choice(params.solver["settings"], given.choice)}
    network = None
    if "weights" in given.keys():
        from multisource.network.answers import TrainedNetwork

        positions = read_source_table(given.sources).positions
        network = TrainedNetwork(given.weights, given.settings, given.certainty, positions)
    found = ask_solver(
        windows.eeg[: params.windows],
        windows.sfreq,
        ordinary_of(given.ordinary, given.against),
        channels=windows.channels,
        forward=given.forward,
        study=study or None,
        network=network,
        **solver,
    )
    write_estimates(
        snakemake.output.estimates,
        found.maps,
        scenario=snakemake.wildcards.recording,
        method=snakemake.wildcards.solver,
        coefficients=found.coefficients,
        more=found.variables,
    )
