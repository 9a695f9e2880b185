from pathlib import Path

import pandas as pd

from multisource.evaluation.estimates import read_metrics
from multisource.evaluation.summary import compare, summarise
from multisource.evaluation.tables import build_table, write_table
from multisource.steps import step

with step(snakemake):
    metrics = read_metrics(snakemake.input.metrics)
    paper = pd.read_csv(snakemake.input.paper)
    summary = summarise(metrics, snakemake.params.confidence)
    comparison = compare(metrics, snakemake.params.reference)
    methods = tuple(snakemake.params.methods)
    for number, path in zip(snakemake.params.tables, snakemake.output.csv, strict=True):
        table = build_table(number, paper, summary, comparison, extra_methods=methods)
        write_table(Path(path), table)
