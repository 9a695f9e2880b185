import pandas as pd

from multisource.evaluation.across import across_heads, across_markdown
from multisource.files import atomic
from multisource.report.many_heads import folder_of, heads_page, judged_heads
from multisource.steps import step
from multisource.versions import read_records, versions_table

with step(snakemake):
    given, output, params = snakemake.input, snakemake.output, snakemake.params
    table = across_heads(
        dict(zip(params.heads, map(pd.read_csv, given.tables), strict=True)),
    )
    judged = judged_heads(dict(zip(params.heads, given.judged, strict=True)))
    folders = [folder_of(report, output.page) for report in given.reports]
    with atomic(output.methods) as part:
        table.to_csv(part, index=False)
    with atomic(output.markdown) as part:
        part.write_text(across_markdown(table), encoding="utf-8")
    with atomic(output.heads) as part:
        judged.to_csv(part, sep="\t", index=False)
    with atomic(output.page) as part:
        page = heads_page(
            judged,
            table,
            dict(zip(params.heads, folders, strict=True)),
            config=params.config,
            versions=versions_table([r for f in params.records for r in read_records(f)]),
            brought=bool(given.brought),
        )
        part.write_text(page, encoding="utf-8")
