from multisource.anatomy.io import load_head
from multisource.evaluation.estimates import read_estimates
from multisource.parcellation.dipoles import read_dipoles
from multisource.parcellation.regions import has_cortex, read_regions
from multisource.recordings.overlays import (
    spread_over_cortex,
    write_freesurfer_overlay,
    write_gifti_overlay,
)
from multisource.recordings.windows import moment_maps, moments, told_moments
from multisource.simulation.chunks import read_chunk
from multisource.steps import step

with step(snakemake):
    given, output, params = snakemake.input, snakemake.output, snakemake.params
    data = read_chunk(given.windows)
    _, which = moments(data)
    told = told_moments(data, params.moments)
    surfaces, dipoles = load_head(params.anatomy).surfaces, read_dipoles(given.regions)
    cortex = has_cortex(read_regions(params.subject)[0])
    for k, path in enumerate(given.estimates):
        maps = moment_maps(read_estimates(path), which, told)
        for side, values in spread_over_cortex(maps, dipoles, surfaces, cortex).items():
            write_gifti_overlay(output[f"gifti_{side}"][k], values, told, side)
            write_freesurfer_overlay(output[f"mgz_{side}"][k], values)
