import pandas as pd

from multisource.evaluation.estimates import read_metrics
from multisource.evaluation.summary import compare, summarise
from multisource.evaluation.tables import build_table, to_latex, to_markdown
from multisource.files import atomic
from multisource.steps import step

with step(snakemake):
    metrics = read_metrics(snakemake.input.metrics)
    table = build_table(
        snakemake.wildcards.table,
        pd.read_csv(snakemake.input.paper),
        summarise(metrics, snakemake.params.confidence),
        compare(metrics, snakemake.params.reference),
        extra_methods=tuple(snakemake.params.methods),
    )
    with atomic(snakemake.output.csv) as part:
        table.to_csv(part, index=False)
    with atomic(snakemake.output.md) as part:
        part.write_text(to_markdown(table), encoding="utf-8")
    with atomic(snakemake.output.tex) as part:
        part.write_text(to_latex(table), encoding="utf-8")
