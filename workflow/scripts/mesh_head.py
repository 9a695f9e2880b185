from multisource.anatomy.io import load_head
from multisource.leadfield.hexahedra import hexahedral_mesh
from multisource.leadfield.mesh import save_mesh
from multisource.logs import logged

with logged(snakemake.log[0]):
    head = load_head(snakemake.params.anatomy)
    mesh = hexahedral_mesh(head.tissues, head.affine, **snakemake.params.settings)
    save_mesh(mesh, snakemake.output.mesh)
