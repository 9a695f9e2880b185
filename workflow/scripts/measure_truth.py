from multisource.anatomy.source_table import read_source_table
from multisource.evaluation.courses import write_true_courses
from multisource.evaluation.distances import TruthDistances, write_distances
from multisource.files import by_folder
from multisource.simulation.chunks import read_truth
from multisource.simulation.courses import read_courses
from multisource.steps import step

with step(snakemake):
    given, named = snakemake.input, snakemake.params.named
    positions = read_source_table(given.sources).positions
    outputs, courses = by_folder(snakemake.output.distances), by_folder(snakemake.output.courses)
    for scenario, paths in by_folder(given.chunks).items():
        (output,) = outputs[scenario]
        write_distances(output, TruthDistances.of(read_truth(paths), positions))
        (output,) = courses[scenario]
        through = given.forward if scenario in named else []
        write_true_courses(output, read_courses(paths, given.ar_models, through))
