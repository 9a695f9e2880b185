from multisource.evaluation.estimates import write_estimates
from multisource.inverse.contract import Study
from multisource.inverse.io import read_forward
from multisource.inverse.registry import estimates
from multisource.recordings.noise import with_noise
from multisource.recordings.ordinary import read_ordinary
from multisource.simulation.chunks import read_eeg
from multisource.steps import step

with step(snakemake):
    params = snakemake.params
    study = params.study and Study(
        ar_models=snakemake.input.ar_models, sources=snakemake.input.sources, **params.study
    )
    forward = read_forward(snakemake.input.forward)
    windows = read_eeg([snakemake.input.windows])
    ordinary = read_ordinary(snakemake.input.ordinary)
    found = estimates(
        forward=forward,
        eeg=windows.eeg[: params.windows],
        sfreq=windows.sfreq,
        smooth=params.smooth,
        study=study or None,
        **{"snr": params.snr} | with_noise(params.settings, forward, ordinary.background),
    )
    write_estimates(
        snakemake.output.estimates,
        found.maps,
        scenario=snakemake.wildcards.recording,
        method=snakemake.wildcards.solver,
        coefficients=found.coefficients,
        more=found.variables,
    )
