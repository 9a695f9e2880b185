import pandas as pd

from multisource.evaluation.estimates import read_metrics
from multisource.evaluation.names import method_label
from multisource.evaluation.summary import summarise
from multisource.figures.learning_curve import learning_curve_figure
from multisource.files import atomic
from multisource.steps import step

with step(snakemake):
    summary = summarise(read_metrics(snakemake.input.metrics), snakemake.params.confidence)
    summary.insert(0, "samples", summary["method"].map(snakemake.params.samples))
    summary = summary.sort_values(["samples", "metric"])
    paper = pd.read_csv(snakemake.input.paper)
    network = snakemake.params.network
    values = paper[(paper["scenario"] == "test") & (paper["method"] == network)]
    with atomic(snakemake.output.csv) as part:
        summary.to_csv(part, index=False)
    with atomic(snakemake.output.figure) as part:
        learning_curve_figure(
            summary,
            paper=values.drop_duplicates("metric").set_index("metric")["value"].to_dict(),
            title=f"{method_label(network)}, random test set",
        ).savefig(part, dpi=140)
