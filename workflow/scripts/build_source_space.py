from multisource.anatomy.io import load_head
from multisource.anatomy.source_space import (
    cortical_source_space,
    source_geometry,
    write_source_space,
)
from multisource.anatomy.source_table import write_source_table
from multisource.steps import step

with step(snakemake):
    head = load_head(snakemake.params.anatomy)
    sources = cortical_source_space(
        head.surfaces, subject=snakemake.wildcards.head, **snakemake.params.settings
    )
    write_source_space(snakemake.output.sources, sources)
    write_source_table(snakemake.output.table, source_geometry(sources, head.surfaces))
