from multisource.evaluation.estimates import write_estimates
from multisource.inverse.baselines import baseline_maps
from multisource.simulation.chunks import dense_truth, read_chunks
from multisource.steps import step

with step(snakemake):
    scenario, baseline = snakemake.wildcards.scenario, snakemake.wildcards.baseline
    truth = dense_truth(read_chunks(snakemake.input.chunks))
    maps = baseline_maps(baseline, truth, seed=snakemake.params.seed, scenario=scenario)
    write_estimates(snakemake.output.estimate, maps, scenario=scenario, method=baseline)
