import mne
import numpy as np

from multisource.anatomy.io import load_head
from multisource.anatomy.source_space import source_geometry
from multisource.evaluation.names import method_label
from multisource.figures.cortex import make_cortex
from multisource.figures.group import group_figure
from multisource.files import atomic
from multisource.geometry.surfaces import vertex_areas
from multisource.groups.clusters import find_clusters
from multisource.groups.compare import BEFORE, compared_maps, read_maps
from multisource.groups.table import group_table
from multisource.groups.words import mean_words, tested_words
from multisource.parcellation.dipoles import read_dipoles
from multisource.recordings.stc import source_estimate, write_stc
from multisource.steps import step

with step(snakemake):
    given, params, out = snakemake.input, snakemake.params, snakemake.output
    head = load_head(params.anatomy)
    sources = mne.read_source_spaces(given.sources, verbose="error")
    geometry, regions = source_geometry(sources, head.surfaces), read_dipoles(given.regions)
    files = zip(params.recordings, given.estimates, given.windows, strict=True)
    shown, other = compared_maps(
        {name: read_maps(estimates, windows) for name, estimates, windows in files},
        regions.cortex,
        params.members,
        params.others,
        before=params.before,
        relative=params.relative,
        moment_s=params.moment_s,
        key=f"groups.{snakemake.wildcards.group}",
    )
    found = None
    if other is not None:
        adjacency = mne.spatial_src_adjacency(sources, verbose="error")
        found = find_clusters(shown - other, adjacency, regions.cortex, seed=params.seed)
    mean = np.where(regions.cortex, shown.mean(axis=0), 0.0)
    t, sure = (found.t, found.sure) if found else (0 * mean, 0 * mean)
    one = {"times": np.zeros(1), "strength": np.ones(1), "step_s": 1.0, "window_s": 0.0}
    for files, values in ((out.mean, mean), (out.t, t), (out.clusters, sure)):
        write_stc(*files, source_estimate(values[None], sources=sources, **one))
    words = mean_words(method_label(params.method), len(shown), relative=params.relative)
    tested = tested_words(params.against or BEFORE, found)
    table = group_table(mean, found, vertex_areas(geometry.positions, geometry.triangles), regions)
    with atomic(out.table) as part:
        table.to_csv(part, sep="\t", index=False, float_format="%.4g")
    with atomic(out.words) as part:
        part.write_text(f"{words}\n{tested}\n", encoding="utf-8")
    figure = group_figure(
        make_cortex(head.surfaces, [part["vertno"] for part in sources]),
        mean,
        sure=sure if found else None,
        title=f"group {snakemake.wildcards.group}",
        mean_words=words,
        tested_words=tested,
    )
    with atomic(out.figure) as part:
        figure.savefig(part, dpi=150)
