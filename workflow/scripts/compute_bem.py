import mne

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.io import load_head
from multisource.anatomy.source_space import source_geometry
from multisource.bem.openmeeg import bem_leadfield
from multisource.leadfield.check import check_leadfield
from multisource.leadfield.forward import leadfield_of, make_forward, write_forward
from multisource.steps import step

with step(snakemake):
    head = load_head(snakemake.params.anatomy)
    electrodes = read_electrodes(snakemake.input.electrodes)
    sources = mne.read_source_spaces(snakemake.input.sources, verbose="error")
    gain = bem_leadfield(
        head.surfaces,
        electrodes=electrodes.positions,
        positions=source_geometry(sources, head.surfaces).positions,
        **snakemake.params.settings,
    )
    forward = make_forward(gain, electrodes, sources, head.fiducials)
    check_leadfield(leadfield_of(forward), name="operator B")
    write_forward(forward, snakemake.output.forward)
