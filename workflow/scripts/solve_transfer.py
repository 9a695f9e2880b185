import numpy as np

from multisource.anatomy.electrodes import read_electrodes
from multisource.fem.backends import transfer_matrix
from multisource.fem.conductivity import by_label
from multisource.fem.mesh import load_mesh
from multisource.files import atomic
from multisource.steps import step

with step(snakemake):
    electrodes = read_electrodes(snakemake.input.electrodes)
    transfer = transfer_matrix(
        snakemake.params.backend,
        load_mesh(snakemake.input.mesh),
        by_label(snakemake.params.conductivity),
        electrodes.positions,
        names=electrodes.names,
        tolerance=snakemake.params.tolerance,
    )
    with atomic(snakemake.output.transfer) as part:
        np.save(part, transfer)
