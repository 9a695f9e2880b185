from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.io import load_head
from multisource.figures.anatomy import plot_anatomy
from multisource.files import atomic
from multisource.steps import step

with step(snakemake):
    head = load_head(snakemake.params.anatomy)
    figure = plot_anatomy(head, read_electrodes(snakemake.input.electrodes))
    with atomic(snakemake.output.figure) as part:
        figure.savefig(part, dpi=140)
