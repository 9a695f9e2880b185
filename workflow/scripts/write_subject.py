from pathlib import Path

from multisource.anatomy.io import load_head
from multisource.parcellation.correspondence import match_cortex
from multisource.parcellation.regions import has_cortex, read_regions, registered_spheres
from multisource.parcellation.subject import subject_folding, subject_surfaces, write_subject
from multisource.steps import step

with step(snakemake):
    params = snakemake.params
    head = load_head(params.anatomy)
    subject = params.subject and Path(params.subject)
    matched = match_cortex(head.surfaces, head.to_mni, registered_spheres(subject))
    atlases, _ = read_regions(params.folder)
    write_subject(
        params.folder,
        subject_surfaces(head.surfaces, matched, subject),
        subject_folding(head.surfaces, matched, subject),
        has_cortex(atlases),
    )
