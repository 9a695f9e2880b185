import numpy as np

from multisource.anatomy.displacement import displaced
from multisource.anatomy.electrodes import read_electrodes, write_electrodes
from multisource.anatomy.io import load_head
from multisource.steps import step

with step(snakemake):
    moved = displaced(
        read_electrodes(snakemake.input.electrodes),
        load_head(snakemake.params.anatomy).surfaces["outer_skin"],
        error_mm=snakemake.params.error_mm,
        generator=np.random.default_rng(snakemake.params.seed),
    )
    write_electrodes(snakemake.output.electrodes, moved)
