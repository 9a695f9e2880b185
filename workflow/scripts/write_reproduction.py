from pathlib import Path

import pandas as pd

from multisource.evaluation.estimates import read_metrics
from multisource.experiments.one_change import read_changes
from multisource.figures.compress import compress_png
from multisource.files import atomic
from multisource.report.reproduction import reproduction
from multisource.report.timings import read_timings
from multisource.steps import step
from multisource.versions import read_records, versions_table

with step(snakemake):
    names, inputs = snakemake.params.tables, snakemake.input
    captions = snakemake.params.captions
    for source, target in zip(inputs.pictures, snakemake.output.pictures, strict=True):
        with atomic(target) as part:
            compress_png(source, part)
    document = reproduction(
        config=snakemake.params.config,
        config_files=snakemake.params.files,
        tables={n: pd.read_csv(path) for n, path in zip(names, inputs.tables, strict=True)},
        test=read_metrics(inputs.test),
        networks=snakemake.params.networks,
        curve=pd.read_csv(inputs.curve) if inputs.curve else None,
        changes=read_changes(inputs.changes),
        experiments=read_metrics(inputs.experiments) if inputs.experiments else None,
        timings=read_timings(Path(snakemake.params.benchmarks)),
        figures={captions[name]: f"reproduction/{name}.png" for name in captions},
        versions=versions_table(read_records(snakemake.params.records)),
    )
    with atomic(snakemake.output.document) as part:
        part.write_text(document, encoding="utf-8")
