from multisource.anatomy.io import load_head
from multisource.fem.mesh import save_mesh
from multisource.fem.native import head_mesh
from multisource.steps import step

with step(snakemake):
    head = load_head(snakemake.params.anatomy)
    mesh = head_mesh(
        head,
        snakemake.params.kind,
        shift=snakemake.params.shift,
        inner_edge=snakemake.params.inner_edge_mm,
    )
    save_mesh(mesh, snakemake.output.mesh)
