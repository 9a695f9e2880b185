from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.io import load_head
from multisource.figures.anatomy import plot_anatomy
from multisource.files import atomic
from multisource.logs import logged

with logged(snakemake.log[0]):
    head = load_head(snakemake.params.anatomy)
    figure = plot_anatomy(head, read_electrodes(snakemake.input.electrodes))
    with atomic(snakemake.output.figure) as part:
        figure.savefig(part, dpi=140)
