from multisource.anatomy.samseg import segment_t1
from multisource.steps import step

with step(snakemake):
    segment_t1(
        snakemake.input.t1,
        snakemake.output.labels,
        python=snakemake.params.python,
        threads=snakemake.threads,
    )
