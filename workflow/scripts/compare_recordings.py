import pandas as pd

from multisource.files import atomic
from multisource.recordings.summary import summary_table
from multisource.steps import step

with step(snakemake):
    given, names = snakemake.input, snakemake.params.recordings
    tables = [
        {name: pd.read_csv(path, sep="\t") for name, path in zip(names, paths, strict=True)}
        for paths in (given.peaks, given.named)
    ]
    with atomic(snakemake.output.summary) as part:
        summary_table(*tables).to_csv(part, sep="\t", index=False, float_format="%.4g")
