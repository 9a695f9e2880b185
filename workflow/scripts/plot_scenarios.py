import mne

from multisource.anatomy.io import load_head
from multisource.evaluation.estimates import read_estimates, read_metrics
from multisource.figures.cortex import make_cortex
from multisource.figures.scenario import representative_window, scenario_figure
from multisource.files import atomic, by_folder
from multisource.simulation.chunks import read_chunks
from multisource.simulation.truth import SparseTruth
from multisource.steps import step

with step(snakemake):
    head = load_head(snakemake.params.anatomy)
    sources = mne.read_source_spaces(snakemake.input.sources, verbose="error")
    cortex = make_cortex(head.surfaces, [part["vertno"] for part in sources])
    chunks = by_folder(snakemake.input.chunks)
    estimates, tables = by_folder(snakemake.input.estimates), by_folder(snakemake.input.metrics)
    for shown, output in zip(
        snakemake.params.shown.values(), snakemake.output.figures, strict=True
    ):
        scenario, methods = shown["scenario"], shown["methods"]
        data, metrics = read_chunks(chunks[scenario]), read_metrics(tables[scenario])
        window = representative_window(metrics, methods)
        rows = metrics[metrics["sample"] == window].set_index("method")
        figure = scenario_figure(
            cortex,
            truth=SparseTruth.from_dataset(data).dense([window])[0],
            centres=data["centre"].values[window],
            estimates={
                method: read_estimates(path)[window]
                for method, path in zip(methods, estimates[scenario], strict=True)
            },
            metrics={method: rows.loc[method].to_dict() for method in methods},
            title=f"Scenario {scenario}, window {window}",
        )
        with atomic(output) as part:
            figure.savefig(part, dpi=140)
