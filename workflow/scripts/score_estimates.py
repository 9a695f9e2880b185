from multisource.anatomy.source_table import read_source_table
from multisource.evaluation.distances import read_distances
from multisource.evaluation.estimates import read_coefficients, read_estimates, write_metrics
from multisource.evaluation.metrics import evaluate
from multisource.files import by_folder
from multisource.simulation.chunks import read_truth
from multisource.steps import step

with step(snakemake):
    method = snakemake.wildcards.method
    positions = read_source_table(snakemake.input.sources).positions
    estimates = by_folder(snakemake.input.estimates)
    distances = by_folder(snakemake.input.distances)
    outputs = by_folder(snakemake.output.metrics)
    for scenario, paths in by_folder(snakemake.input.chunks).items():
        (estimate,), (output,) = estimates[scenario], outputs[scenario]
        maps = read_estimates(estimate)
        # A method that takes long may have left out the last windows.
        metrics = evaluate(
            maps,
            read_truth(paths).first(len(maps)),
            positions,
            distances=read_distances(*distances[scenario]).first(len(maps)),
            coefficients=read_coefficients(estimate),
            **snakemake.params.settings,
        )
        write_metrics(output, metrics, scenario=scenario, method=method)
