from multisource.curves.point import curve_table
from multisource.evaluation.estimates import read_metrics
from multisource.figures.curves import curve_figure
from multisource.files import atomic
from multisource.steps import step

with step(snakemake):
    params = snakemake.params
    points = zip(params.values, snakemake.input.points, strict=True)
    table = curve_table({value: read_metrics([path]) for value, path in points}, params.confidence)
    with atomic(snakemake.output.table) as part:
        table.to_csv(part, index=False)
    with atomic(snakemake.output.figure) as part:
        curve_figure(table, params.setting, params.methods).savefig(part, dpi=140)
