from multisource.anatomy.fsaverage import MNI305_TO_MNI152
from multisource.anatomy.fsaverage5 import packaged_cortex
from multisource.parcellation.atlases import read_template
from multisource.parcellation.correspondence import match_cortex
from multisource.parcellation.regions import (
    has_cortex,
    read_regions,
    regions_of,
    write_regions,
)
from multisource.parcellation.subject import subject_folding, subject_surfaces, write_subject
from multisource.steps import step

with step(snakemake):
    folder = snakemake.params.folder
    surfaces = packaged_cortex("white", "pial", "sphere")
    matched = match_cortex(surfaces, MNI305_TO_MNI152)
    write_regions(folder, regions_of(read_template(snakemake.input.template), matched), matched)
    write_subject(
        folder,
        subject_surfaces(surfaces, matched),
        subject_folding(surfaces, matched),
        has_cortex(read_regions(folder)[0]),
    )
