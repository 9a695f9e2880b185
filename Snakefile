"""multisource: multi-source EEG localization, from a head to the paper's tables.

anatomy -> leadfields A (FEM) and B (BEM) -> simulation -> network | inverse
        -> metrics -> tables, figures, report

    snakemake --cores 2                                 the default study (config/config.yaml)
    snakemake --cores 2 --configfile config/paper.yaml  the paper's sizes
    snakemake --cores 2 leadfields                      stop at a stage: see workflow/study.smk
    snakemake --cores 2 --configfile config/paper.yaml -- leadfields
                                    both: every word after --configfile is a file, up to the --
"""

from snakemake.utils import min_version

min_version("9.19")


configfile: workflow.source_path("config/config.yaml")


include: "workflow/rules/configuration.smk"
# One head, or several (`heads` in the configuration): then every head is a study of its own.
include: "workflow/rules/heads.smk" if MANY else "workflow/study.smk"


rule all:
    default_target: True
    input:
        WANTED,
