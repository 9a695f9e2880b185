import mne

from multisource.anatomy.io import load_head
from multisource.anatomy.source_space import source_geometry
from multisource.brains.page import brains_page
from multisource.brains.study import recording_scene
from multisource.brains.surface import turned_cortex
from multisource.files import atomic
from multisource.parcellation.dipoles import read_dipoles
from multisource.recordings.windows import first_chosen, moments, strength, window_length
from multisource.simulation.chunks import read_chunk
from multisource.steps import step

with step(snakemake):
    given, params = snakemake.input, snakemake.params
    data = read_chunk(given.windows)
    times, which = moments(data)
    head = load_head(params.anatomy)
    sources = mne.read_source_spaces(given.sources, verbose="error")
    dipoles, regions = source_geometry(sources, head.surfaces), read_dipoles(given.regions)
    scene = recording_scene(
        snakemake.wildcards.recording,
        times,
        which,
        strength(data),
        dict(zip(params.methods, given.estimates, strict=True)),
        regions.cortex,
        window_s=window_length(data),
        first=first_chosen(data, params.moments),
        probabilities=params.probabilities,
    )
    page = brains_page(
        f"Your recording: {scene.name}",
        turned_cortex(head.surfaces, dipoles),
        dipoles.positions,
        regions,
        head.to_mni,
        [scene],
    )
    with atomic(snakemake.output.page) as part:
        part.write_text(page, encoding="utf-8")
