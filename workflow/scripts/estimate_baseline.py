from multisource.evaluation.estimates import write_estimates
from multisource.files import by_folder
from multisource.inverse.baselines import baseline_maps
from multisource.simulation.chunks import read_truth
from multisource.steps import step

with step(snakemake):
    baseline = snakemake.wildcards.baseline
    outputs = by_folder(snakemake.output.estimates)
    for scenario, paths in by_folder(snakemake.input.chunks).items():
        truth = read_truth(paths).dense()
        maps = baseline_maps(baseline, truth, seed=snakemake.params.seed, scenario=scenario)
        (output,) = outputs[scenario]
        write_estimates(output, maps, scenario=scenario, method=baseline)
