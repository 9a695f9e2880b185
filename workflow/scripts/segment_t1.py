from multisource.anatomy.samseg import segment_t1
from multisource.logs import logged

with logged(snakemake.log[0]):
    segment_t1(
        snakemake.input.t1,
        snakemake.output.labels,
        python=snakemake.input.python,
        threads=snakemake.threads,
    )
