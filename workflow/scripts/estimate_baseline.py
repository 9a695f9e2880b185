from multisource.evaluation.estimates import write_estimates
from multisource.inverse.baselines import baseline_maps
from multisource.logs import logged
from multisource.simulation.chunks import dense_truth, read_chunks

with logged(snakemake.log[0]):
    scenario, baseline = snakemake.wildcards.scenario, snakemake.wildcards.baseline
    truth = dense_truth(read_chunks(snakemake.input.chunks))
    maps = baseline_maps(baseline, truth, seed=snakemake.params.seed, scenario=scenario)
    write_estimates(snakemake.output.estimate, maps, scenario=scenario, method=baseline)
