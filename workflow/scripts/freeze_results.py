import pandas as pd

from multisource.evaluation.estimates import read_metrics
from multisource.files import atomic
from multisource.steps import step

with step(snakemake):
    params = snakemake.params
    metrics = read_metrics(snakemake.input.metrics)
    with atomic(snakemake.output.metrics) as part:
        metrics[metrics["sample"] < params.windows].to_parquet(part, index=False)
    heads = pd.read_csv(snakemake.input.heads)
    with atomic(snakemake.output.heads) as part:
        heads[heads["method"].isin(params.methods)].to_csv(part, index=False)
