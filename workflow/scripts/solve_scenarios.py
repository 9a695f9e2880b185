from multisource.evaluation.estimates import write_estimates
from multisource.files import by_folder
from multisource.inverse.solver import read_solver
from multisource.simulation.chunks import read_eeg
from multisource.steps import step

with step(snakemake):
    solve = read_solver(
        snakemake.input.kernel,
        snakemake.input.forward,
        smooth=snakemake.params.smooth,
        settings=snakemake.params.settings,
    )
    outputs = by_folder(snakemake.output.estimates)
    for scenario, paths in by_folder(snakemake.input.chunks).items():
        windows = read_eeg(paths)
        maps = solve(windows.eeg, windows.sfreq)
        (output,) = outputs[scenario]
        write_estimates(output, maps, scenario=scenario, method=snakemake.wildcards.solver)
