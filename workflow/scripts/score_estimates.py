from pathlib import Path

from multisource.evaluation.courses import courses_of
from multisource.evaluation.distances import read_distances
from multisource.evaluation.estimates import write_metrics
from multisource.evaluation.score import score, thresholds_of
from multisource.evaluation.thresholds import write_thresholds
from multisource.files import by_folder
from multisource.steps import step

with step(snakemake):
    given, method = snakemake.input, snakemake.wildcards.method
    chunks = by_folder(given.chunks)
    estimates, distances = by_folder(given.estimates), by_folder(given.distances)
    outputs = by_folder(snakemake.output.metrics)
    true, operators = by_folder(given.get("courses", [])), snakemake.params.operators
    forwards = {Path(path).name.removesuffix("-fwd.fif"): path for path in given.get("forward", [])}
    thresholds = None
    if chosen := snakemake.output.get("thresholds"):
        (validated,) = estimates["validation"]
        thresholds = thresholds_of(validated, chunks["validation"], given.sources)
        write_thresholds(chosen, thresholds)
    for scenario, (output,) in outputs.items():
        (estimate,), (measured,) = estimates[scenario], distances[scenario]
        courses = None
        if forwards:
            forward = forwards[operators[scenario]]
            courses = courses_of(chunks[scenario], forward, *true[scenario])
        metrics = score(
            estimate,
            chunks[scenario],
            given.sources,
            thresholds=thresholds,
            distances=read_distances(measured),
            courses=courses,
            **snakemake.params.settings,
        )
        write_metrics(output, metrics, scenario=scenario, method=method)
