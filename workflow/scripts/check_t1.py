from multisource.anatomy.t1 import read_t1
from multisource.steps import step

with step(snakemake):
    read_t1(snakemake.input.t1)
