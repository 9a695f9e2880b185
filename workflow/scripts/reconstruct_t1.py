from multisource.anatomy.freesurfer_run import reconstruct
from multisource.logs import logged

with logged(snakemake.log[0]):
    reconstruct(snakemake.input.t1, snakemake.params.subject, threads=snakemake.threads)
