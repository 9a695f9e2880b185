from multisource.anatomy.source_table import read_source_table
from multisource.evaluation.distances import TruthDistances, write_distances
from multisource.files import by_folder
from multisource.simulation.chunks import read_truth
from multisource.steps import step

with step(snakemake):
    positions = read_source_table(snakemake.input.sources).positions
    outputs = by_folder(snakemake.output.distances)
    for scenario, paths in by_folder(snakemake.input.chunks).items():
        (output,) = outputs[scenario]
        write_distances(output, TruthDistances.of(read_truth(paths), positions))
