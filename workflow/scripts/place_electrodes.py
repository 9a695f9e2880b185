from multisource.anatomy.electrodes import choose_electrodes, write_electrodes
from multisource.anatomy.io import load_head
from multisource.logs import logged

with logged(snakemake.log[0]):
    head = load_head(snakemake.params.anatomy)
    files = {key: path for key, path in snakemake.input.items() if key != "head"}
    electrodes = choose_electrodes(head, **snakemake.params.settings | files)
    write_electrodes(snakemake.output.electrodes, electrodes)
