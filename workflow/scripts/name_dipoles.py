from multisource.anatomy.io import read_to_mni
from multisource.anatomy.source_table import read_source_table
from multisource.parcellation.dipoles import name_dipoles, write_dipoles
from multisource.parcellation.regions import read_regions
from multisource.steps import step

with step(snakemake):
    atlases, distance_mm = read_regions(snakemake.params.subject)
    dipoles = name_dipoles(
        read_source_table(snakemake.input.sources),
        read_to_mni(snakemake.input.head),
        atlases,
        distance_mm,
    )
    print(f"{(~dipoles.cortex).sum()} of {len(dipoles)} dipoles are not on cortex")
    write_dipoles(snakemake.output.regions, dipoles)
