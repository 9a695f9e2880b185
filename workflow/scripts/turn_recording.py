import mne

from multisource.anatomy.io import load_head
from multisource.anatomy.source_space import source_geometry
from multisource.brains.page import brains_page
from multisource.brains.study import recording_scene
from multisource.brains.surface import turned_cortex
from multisource.files import atomic
from multisource.recordings.windows import moments, strength
from multisource.simulation.chunks import read_chunk
from multisource.steps import step

with step(snakemake):
    given, params = snakemake.input, snakemake.params
    data = read_chunk(given.windows)
    times, which = moments(data)
    head = load_head(params.anatomy)
    sources = mne.read_source_spaces(given.sources, verbose="error")
    dipoles = source_geometry(sources, head.surfaces)
    scene = recording_scene(
        snakemake.wildcards.recording,
        times,
        which,
        strength(data),
        dict(zip(params.methods, given.estimates, strict=True)),
        window_s=data.sizes["time"] / float(data.attrs["sfreq"]),
    )
    page = brains_page(
        scene.name,
        turned_cortex(head.surfaces, dipoles),
        dipoles.positions,
        head.to_mni,
        [scene],
    )
    with atomic(snakemake.output.page) as part:
        part.write_text(page, encoding="utf-8")
