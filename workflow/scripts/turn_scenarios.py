import mne

from multisource.anatomy.io import load_head
from multisource.anatomy.source_space import source_geometry
from multisource.brains.page import brains_page
from multisource.brains.study import scenario_scenes
from multisource.brains.surface import turned_cortex
from multisource.evaluation.estimates import read_metrics
from multisource.files import atomic, by_folder
from multisource.parcellation.dipoles import read_dipoles
from multisource.simulation.chunks import read_truth
from multisource.steps import step

with step(snakemake):
    given, params = snakemake.input, snakemake.params
    head = load_head(params.anatomy)
    sources = mne.read_source_spaces(given.sources, verbose="error")
    dipoles, regions = source_geometry(sources, head.surfaces), read_dipoles(given.regions)
    chunks, metrics = by_folder(given.chunks), by_folder(given.metrics)
    estimates = by_folder(given.estimates)
    page = brains_page(
        f"Truth and estimates: {snakemake.wildcards.head}",
        turned_cortex(head.surfaces, dipoles),
        dipoles.positions,
        regions,
        head.to_mni,
        [
            scene
            for scenario, shown in params.shown.items()
            for scene in scenario_scenes(
                scenario,
                read_truth(chunks[scenario]),
                read_metrics(metrics[scenario]),
                shown["methods"],
                estimates[scenario],
                regions.cortex,
            )
        ],
    )
    with atomic(snakemake.output.page) as part:
        part.write_text(page, encoding="utf-8")
