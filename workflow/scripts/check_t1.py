from multisource.anatomy.t1 import read_t1
from multisource.logs import logged

with logged(snakemake.log[0]):
    read_t1(snakemake.input.t1)
