from multisource.anatomy.source_table import read_source_table
from multisource.evaluation.estimates import read_estimates, write_metrics
from multisource.evaluation.metrics import evaluate
from multisource.evaluation.truth import Truth
from multisource.simulation.chunks import read_chunks
from multisource.steps import step

with step(snakemake):
    metrics = evaluate(
        read_estimates(snakemake.input.estimate).values,
        Truth.from_dataset(read_chunks(snakemake.input.chunks)),
        read_source_table(snakemake.input.sources).positions,
        progress=True,
        **snakemake.params.settings,
    )
    write_metrics(
        snakemake.output.metrics,
        metrics,
        scenario=snakemake.wildcards.scenario,
        method=snakemake.wildcards.method,
    )
