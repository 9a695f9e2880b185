from pathlib import Path

import mne

from multisource.anatomy.io import read_surface
from multisource.recordings.on_template import on_template
from multisource.recordings.stc import write_stc
from multisource.steps import step

with step(snakemake):
    given, params = snakemake.input, snakemake.params
    own, template = (
        {Path(path).name: read_surface(path) for path in paths}
        for paths in (given.own, given.template)
    )
    for path in given.maps:
        estimate = mne.read_source_estimate(path.removesuffix("-lh.stc"))
        name = Path(params.folder) / Path(path).name.removesuffix("-lh.stc")
        write_stc(f"{name}-lh.stc", f"{name}-rh.stc", on_template(estimate, own, template))
