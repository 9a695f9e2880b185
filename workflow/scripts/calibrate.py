from multisource.anatomy.source_table import read_source_table
from multisource.evaluation.calibration import calibration_table
from multisource.evaluation.detection import detection_table
from multisource.evaluation.sources import number_table, sources_table
from multisource.figures.calibration import calibration_figure
from multisource.files import atomic, by_folder
from multisource.steps import step

with step(snakemake):
    chunks = by_folder(snakemake.input.chunks)
    estimates = by_folder(snakemake.input.estimates)
    positions = read_source_table(snakemake.input.sources).positions
    table = calibration_table(estimates, chunks)
    tables = {
        "sources": sources_table(estimates, chunks, positions),
        "numbers": number_table(estimates, chunks),
        "detection": detection_table(estimates, chunks, silent=snakemake.params.silent),
    }
    with atomic(snakemake.output.table) as part:
        table.to_csv(part, index=False)
    for name, made in tables.items():
        with atomic(snakemake.output[name]) as part:
            made.to_csv(part, index=False)
    with atomic(snakemake.output.figure) as part:
        calibration_figure(table).savefig(part, dpi=140)
