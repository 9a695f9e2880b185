from multisource.evaluation.estimates import write_estimates
from multisource.inverse.io import read_kernel
from multisource.inverse.kernel import apply_kernel
from multisource.logs import logged
from multisource.simulation.chunks import read_chunks

with logged(snakemake.log[0]):
    data = read_chunks(snakemake.input.chunks)
    kernel = read_kernel(snakemake.input.kernel)
    maps = apply_kernel(kernel, data["eeg"].values, progress=True)
    write_estimates(
        snakemake.output.estimate,
        maps,
        scenario=snakemake.wildcards.scenario,
        method=snakemake.wildcards.solver,
    )
