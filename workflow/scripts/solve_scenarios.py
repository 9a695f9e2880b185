from multisource.evaluation.estimates import write_estimates
from multisource.files import by_folder
from multisource.inverse.contract import Study
from multisource.inverse.solver import read_solver
from multisource.simulation.chunks import read_eeg
from multisource.steps import step

with step(snakemake):
    study = snakemake.params.study
    solve = read_solver(
        snakemake.input.kernel,
        snakemake.input.forward,
        smooth=snakemake.params.smooth,
        settings=snakemake.params.settings,
        study=study
        and Study(ar_models=snakemake.input.ar_models, sources=snakemake.input.sources, **study),
    )
    outputs = by_folder(snakemake.output.estimates)
    for scenario, paths in by_folder(snakemake.input.chunks).items():
        windows = read_eeg(paths)
        found = solve(windows.eeg, windows.sfreq)
        (output,) = outputs[scenario]
        write_estimates(
            output,
            found.maps,
            scenario=scenario,
            method=snakemake.wildcards.solver,
            coefficients=found.coefficients,
            more=found.variables,
        )
