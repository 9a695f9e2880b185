import mne

from multisource.anatomy.io import load_head
from multisource.evaluation.estimates import read_estimates, read_metrics
from multisource.figures.cortex import make_cortex
from multisource.figures.scenario import representative_window, scenario_figure
from multisource.files import atomic
from multisource.simulation.chunks import dense_truth, read_chunks
from multisource.steps import step

with step(snakemake):
    methods, scenario = snakemake.params.methods, snakemake.params.scenario
    head = load_head(snakemake.params.anatomy)
    sources = mne.read_source_spaces(snakemake.input.sources, verbose="error")
    cortex = make_cortex(head.surfaces, [part["vertno"] for part in sources])
    data = read_chunks(snakemake.input.chunks)
    metrics = read_metrics(snakemake.input.metrics)
    window = representative_window(metrics, methods)
    shown = metrics[metrics["sample"] == window].set_index("method")
    figure = scenario_figure(
        cortex,
        truth=dense_truth(data, slice(window, window + 1))[0],
        centres=data["centre"].values[window],
        estimates={
            method: read_estimates(path).values[window]
            for method, path in zip(methods, snakemake.input.estimates, strict=True)
        },
        metrics={method: shown.loc[method].to_dict() for method in methods},
        title=f"Scenario {scenario}, window {window}",
    )
    with atomic(snakemake.output.figure) as part:
        figure.savefig(part, dpi=140)
