from pathlib import Path

import mne

from multisource.anatomy.electrodes import read_electrodes
from multisource.anatomy.io import load_head, read_surface
from multisource.anatomy.source_space import source_geometry
from multisource.anatomy.source_table import read_source_table
from multisource.files import atomic
from multisource.leadfield.another_head import (
    RegisteredDipoles,
    borrowed_gain,
    match_dipoles,
    said_of_matches,
)
from multisource.leadfield.check import check_leadfield
from multisource.leadfield.forward import leadfield_of, make_forward, read_leadfield, write_forward
from multisource.steps import step

with step(snakemake):
    given = snakemake.input
    head = load_head(snakemake.params.anatomy)
    electrodes = read_electrodes(given.electrodes)
    sources = mne.read_source_spaces(given.sources, verbose="error")
    dipoles = source_geometry(sources, head.surfaces)
    registered = {Path(path).name: read_surface(path) for path in given.registered}
    own = RegisteredDipoles(
        dipoles.hemisphere, dipoles.vertices, dipoles.normals, head.surfaces | registered
    )
    leadfield = read_leadfield(given.other_forward[0])
    table = read_source_table(given.other_sources[0])
    surfaces = {Path(path).name: read_surface(path) for path in given.other_surfaces}
    other = RegisteredDipoles(table.hemisphere, table.vertices, leadfield.normals, surfaces)
    matches = match_dipoles(own, other)
    print(said_of_matches(matches, len(table.vertices)))
    with atomic(snakemake.output.matched) as part:
        matches.to_csv(part, sep="\t", index=False, float_format="%.3f")
    gain = borrowed_gain(own, other, leadfield, electrodes.names, matches)
    forward = make_forward(gain, electrodes, sources, head.fiducials)
    check_leadfield(leadfield_of(forward), name=f"operator {snakemake.wildcards.variant}")
    write_forward(forward, snakemake.output.forward)
