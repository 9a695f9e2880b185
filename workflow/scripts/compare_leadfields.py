import mne

from multisource.anatomy.io import load_head
from multisource.figures.cortex import make_cortex
from multisource.figures.leadfield import plot_comparison
from multisource.files import atomic
from multisource.leadfield.compare import compare_leadfields
from multisource.leadfield.forward import read_leadfield
from multisource.steps import step

with step(snakemake):
    head = load_head(snakemake.params.anatomy)
    sources = mne.read_source_spaces(snakemake.input.sources, verbose="error")
    fem, bem = read_leadfield(snakemake.input.fem), read_leadfield(snakemake.input.bem)
    table = compare_leadfields(fem, bem, inner_skull=head.surfaces["inner_skull"])
    with atomic(snakemake.output.table) as part:
        table.to_csv(part, index=False, float_format="%.6g")
    cortex = make_cortex(head.surfaces, [part["vertno"] for part in sources])
    figure = plot_comparison(table, cortex, names=("A (FEM)", "B (BEM)"))
    with atomic(snakemake.output.figure) as part:
        figure.savefig(part, dpi=140)
