from pathlib import Path

from multisource.files import atomic
from multisource.report.study import study_report
from multisource.steps import step

with step(snakemake):
    page = study_report(
        Path(snakemake.output.report).parent,
        config=snakemake.params.config,
        tables=snakemake.params.tables,
        networks=snakemake.params.networks,
    )
    with atomic(snakemake.output.report) as part:
        part.write_text(page, encoding="utf-8")
