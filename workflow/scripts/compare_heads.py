from pathlib import Path

from multisource.evaluation.estimates import read_metrics
from multisource.evaluation.heads import between, heads_markdown, heads_table
from multisource.figures.heads import heads_figure
from multisource.files import atomic
from multisource.leadfield.forward import read_leadfield
from multisource.steps import step

with step(snakemake):
    params = snakemake.params
    table = heads_table(
        read_metrics(snakemake.input.metrics),
        params.made_with,
        params.given,
        between(
            {
                Path(path).name.removesuffix("-fwd.fif"): read_leadfield(path)
                for path in snakemake.input.forwards
            }
        ),
        confidence=params.confidence,
    )
    with atomic(snakemake.output.table) as part:
        table.to_csv(part, index=False)
    with atomic(snakemake.output.markdown) as part:
        part.write_text(heads_markdown(table, params.words), encoding="utf-8")
    with atomic(snakemake.output.figure) as part:
        heads_figure(table).savefig(part, dpi=140)
