import mne
import pandas as pd

from multisource.anatomy.io import load_head
from multisource.figures.cortex import make_cortex
from multisource.figures.leadfield import plot_placement, plot_sensitivity
from multisource.files import atomic
from multisource.leadfield.forward import read_leadfield
from multisource.leadfield.verification import verification_table
from multisource.steps import step

with step(snakemake):
    head = load_head(snakemake.params.anatomy)
    sources = mne.read_source_spaces(snakemake.input.sources, verbose="error")
    cortex = make_cortex(head.surfaces, [part["vertno"] for part in sources])
    fem, bem = read_leadfield(snakemake.input.fem), read_leadfield(snakemake.input.bem)
    comparison = pd.read_csv(snakemake.input.comparison)
    placement = pd.read_csv(snakemake.input.dipoles, sep="\t")
    sphere = pd.read_csv(snakemake.input.sphere) if snakemake.input.sphere else None
    table = verification_table(fem, bem, comparison, placement, sphere)
    with atomic(snakemake.output.table) as part:
        table.to_csv(part, index=False)
    depth = comparison["depth_mm"].to_numpy()
    figure = plot_sensitivity(fem, bem, depth, cortex, names=("A (FEM)", "B (BEM)"))
    with atomic(snakemake.output.sensitivity) as part:
        figure.savefig(part, dpi=140)
    with atomic(snakemake.output.placement) as part:
        plot_placement(placement, cortex).savefig(part, dpi=140)
