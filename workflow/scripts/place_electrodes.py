from multisource.anatomy.electrodes import choose_electrodes, write_electrodes
from multisource.anatomy.io import load_head
from multisource.steps import step

with step(snakemake):
    head = load_head(snakemake.params.anatomy)
    files = {key: path for key, path in snakemake.input.items() if key in ("montage", "channels")}
    electrodes = choose_electrodes(head, **snakemake.params.settings | files)
    write_electrodes(snakemake.output.electrodes, electrodes)
