from multisource.evaluation.estimates import read_estimates, write_estimates
from multisource.files import by_folder
from multisource.inverse.choice import with_choice
from multisource.inverse.contract import Study
from multisource.inverse.solver import read_solvers, solve
from multisource.inverse.window_noise import read_window_noise
from multisource.simulation.chunks import read_eeg, read_truth
from multisource.steps import step

with step(snakemake):
    params = snakemake.params
    study = params.study and Study(
        ar_models=snakemake.input.ar_models, sources=snakemake.input.sources, **params.study
    )
    solver_of = read_solvers(
        snakemake.input.kernel,
        snakemake.input.forward,
        params.operators,
        smooth=params.smooth,
        settings=with_choice(params.settings, snakemake.input.choice),
        study=study,
    )
    outputs = by_folder(snakemake.output.estimates)
    proposals = by_folder(snakemake.input.proposal)
    noise_of = None
    if params.made_by:
        noise_of = read_window_noise(
            snakemake.input.made_by, snakemake.input.electrodes, params.made_by
        )
    for scenario, paths in by_folder(snakemake.input.chunks).items():
        windows = read_eeg(paths)
        eeg = windows.eeg[: params.windows[scenario]]
        proposed = [read_estimates(path)[: len(eeg)] for path in proposals.get(scenario, ())]
        found = solve(
            solver_of(scenario),
            eeg,
            windows.sfreq,
            true_sources=read_truth(paths).numbers() if params.told else None,
            noise=noise_of and noise_of(scenario, paths, windows.eeg),
            proposal=proposed[0] if proposed else None,
        )
        (output,) = outputs[scenario]
        write_estimates(
            output,
            found.maps,
            scenario=scenario,
            method=snakemake.wildcards.solver,
            coefficients=found.coefficients,
            more=found.variables,
        )
