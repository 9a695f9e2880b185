from multisource.anatomy.electrodes import choose_electrodes, write_electrodes
from multisource.anatomy.io import load_head
from multisource.logs import logged

with logged(snakemake.log[0]):
    head = load_head(snakemake.params.anatomy)
    electrodes = choose_electrodes(head, **snakemake.params.settings)
    write_electrodes(snakemake.output.electrodes, electrodes)
