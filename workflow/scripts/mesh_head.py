from multisource.anatomy.io import load_head
from multisource.leadfield.fem import hexahedral_mesh
from multisource.leadfield.mesh import write_mesh
from multisource.logs import logged

with logged(snakemake.log[0]):
    head = load_head(snakemake.params.anatomy)
    mesh = hexahedral_mesh(head.tissues, head.affine, **snakemake.params.settings)
    write_mesh(snakemake.output.mesh, mesh)
