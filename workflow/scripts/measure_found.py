from pathlib import Path

from multisource.anatomy.source_table import read_source_table
from multisource.evaluation.found import found_table
from multisource.figures.found import found_figure
from multisource.files import atomic
from multisource.leadfield.forward import read_leadfield
from multisource.simulation.chunks import read_extents, read_truth
from multisource.steps import step

with step(snakemake):
    given = snakemake.input
    table = found_table(
        {Path(path).stem: path for path in given.estimates},
        read_truth(given.chunks),
        read_extents(given.chunks),
        read_source_table(given.sources).positions,
        read_leadfield(given.forward).fixed,
    )
    with atomic(snakemake.output.table) as part:
        table.to_csv(part, index=False)
    with atomic(snakemake.output.figure) as part:
        found_figure(table).savefig(part, dpi=140)
