from multisource.anatomy.freesurfer_run import reconstruct
from multisource.steps import step

with step(snakemake):
    reconstruct(snakemake.input.t1, snakemake.params.subject, threads=snakemake.threads)
