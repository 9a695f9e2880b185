import mne
import numpy as np

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.io import load_head
from multisource.anatomy.source_space import source_geometry
from multisource.fem.backends import leadfield
from multisource.fem.conductivity import by_label
from multisource.fem.mesh import load_mesh
from multisource.fem.placement import place_dipoles, starts
from multisource.files import atomic
from multisource.leadfield.check import check_leadfield
from multisource.leadfield.forward import leadfield_of, make_forward, write_forward
from multisource.steps import step

with step(snakemake):
    head = load_head(snakemake.params.anatomy)
    electrodes = read_electrodes(snakemake.input.electrodes)
    sources = mne.read_source_spaces(snakemake.input.sources, verbose="error")
    dipoles = source_geometry(sources, head.surfaces)
    mesh = load_mesh(snakemake.input.mesh)
    placed, table = place_dipoles(
        mesh,
        dipoles.positions,
        dipoles.pial,
        depth=snakemake.params.depth,
        rings=snakemake.params.rings,
    )
    with atomic(snakemake.output.dipoles) as part:
        table.to_csv(part, sep="\t", index=False, float_format="%.4f")
    targets = None
    if snakemake.params.true_places:
        targets = starts(dipoles.positions, dipoles.pial, snakemake.params.depth)
    gain = leadfield(
        snakemake.params.backend,
        mesh,
        by_label(snakemake.params.conductivity),
        np.load(snakemake.input.transfer),
        placed,
        source_model=snakemake.params.source_model,
        rings=snakemake.params.rings,
        targets=targets,
    )
    forward = make_forward(gain, electrodes, sources, head.fiducials)
    check_leadfield(leadfield_of(forward), name="operator A")
    write_forward(forward, snakemake.output.forward)
