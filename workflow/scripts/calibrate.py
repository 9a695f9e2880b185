from multisource.evaluation.calibration import calibration_table
from multisource.figures.calibration import calibration_figure
from multisource.files import atomic, by_folder
from multisource.steps import step

with step(snakemake):
    chunks = by_folder(snakemake.input.chunks)
    table = calibration_table(by_folder(snakemake.input.estimates), chunks)
    with atomic(snakemake.output.table) as part:
        table.to_csv(part, index=False)
    with atomic(snakemake.output.figure) as part:
        calibration_figure(table).savefig(part, dpi=140)
