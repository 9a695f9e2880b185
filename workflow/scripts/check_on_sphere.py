from multisource.figures.leadfield import plot_sphere_check
from multisource.files import atomic
from multisource.leadfield.verification import sphere_check
from multisource.steps import step

with step(snakemake):
    table = sphere_check(
        fem=snakemake.params.fem, bem=snakemake.params.bem, voxel_mm=snakemake.params.voxel_mm
    )
    with atomic(snakemake.output.table) as part:
        table.to_csv(part, index=False, float_format="%.6g")
    with atomic(snakemake.output.figure) as part:
        plot_sphere_check(table).savefig(part, dpi=140)
