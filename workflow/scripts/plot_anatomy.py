from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.io import load_head
from multisource.figures.anatomy import plot_anatomy
from multisource.figures.electrodes import plot_electrodes
from multisource.files import atomic
from multisource.montage.record import read_placement
from multisource.steps import step

with step(snakemake):
    head = load_head(snakemake.params.anatomy)
    electrodes = read_electrodes(snakemake.input.electrodes)
    placement = read_placement(snakemake.input.table, snakemake.input.note)
    with atomic(snakemake.output.figure) as part:
        plot_anatomy(head, electrodes).savefig(part, dpi=140)
    figure = plot_electrodes(head.surfaces["outer_skin"], electrodes, placement, head.fiducials)
    with atomic(snakemake.output.electrodes) as part:
        figure.savefig(part, dpi=110)
