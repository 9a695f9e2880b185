from pathlib import Path

from multisource.anatomy.io import load_head
from multisource.parcellation.atlases import read_template
from multisource.parcellation.correspondence import match_cortex
from multisource.parcellation.regions import regions_of, registered_spheres, write_regions
from multisource.steps import step

with step(snakemake):
    head = load_head(snakemake.params.anatomy)
    subject = snakemake.params.subject and Path(snakemake.params.subject)
    matched = match_cortex(head.surfaces, head.to_mni, registered_spheres(subject))
    regions = regions_of(read_template(snakemake.input.template), matched, subject)
    write_regions(snakemake.params.folder, regions, matched)
