"""multisource: multi-source EEG localization, from a head to the paper's tables.

anatomy -> leadfields A (FEM) and B (BEM) -> simulation -> network | inverse
        -> metrics -> tables, figures, report

    snakemake --cores 2                                 the default study (config/config.yaml)
    snakemake --cores 2 --configfile config/paper.yaml  the paper's sizes
    snakemake --cores 2 leadfields                      stop at a stage: see the targets below
    snakemake --cores 2 --configfile config/paper.yaml -- leadfields
                                    both: every word after --configfile is a file, up to the --
"""

from snakemake.utils import min_version

min_version("9.19")


configfile: workflow.source_path("config/config.yaml")


include: "workflow/rules/common.smk"
include: "workflow/rules/lookup.smk"
include: "workflow/rules/cluster.smk"


rule all:
    default_target: True
    input:
        f"results/{HEAD}/report.html",


include: "workflow/rules/segmentation.smk"
include: "workflow/rules/anatomy.smk"
include: "workflow/rules/leadfield.smk"
include: "workflow/rules/variants.smk"
include: "workflow/rules/simulation.smk"
include: "workflow/rules/network.smk"
include: "workflow/rules/inverse.smk"
include: "workflow/rules/submissions.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/frozen.smk"
include: "workflow/rules/curves.smk"
include: "workflow/rules/recordings.smk"
include: "workflow/rules/experiments.smk"
include: "workflow/rules/report.smk"


# Targets: every stage by its name.
rule heads:
    input:
        f"results/{HEAD}/anatomy/electrodes.tsv",
        f"results/{HEAD}/figures/anatomy.png",
        f"results/{HEAD}/subjects/{HEAD}/surf/lh.inflated",


rule leadfields:
    input:
        f"results/{HEAD}/leadfield/comparison.csv",
        f"results/{HEAD}/leadfield/verification.csv",
        f"results/{HEAD}/leadfield/sphere.csv",


rule datasets:
    input:
        [chunks(split) for split in [*SPLITS, *NAMED_SCENARIOS]],


rule networks:
    input:
        expand(f"results/{HEAD}/network/{{network}}/certainty.json", network=NETWORKS),
        f"results/{HEAD}/study.json",


rule estimates:
    input:
        expand(
            f"results/{HEAD}/estimates/{{scenario}}/{{method}}.nc",
            scenario=SCENARIOS,
            method=METHODS,
        ),


rule curves:
    input:
        expand(f"results/{HEAD}/figures/curve-{{curve}}.png", curve=CURVES),


rule recordings:
    input:
        expand(f"results/{HEAD}/recordings/{{recording}}/peaks.tsv", recording=RECORDINGS),
        expand(f"results/{HEAD}/figures/recording-{{recording}}.png", recording=RECORDINGS),
        expand(f"results/{HEAD}/brains/recording-{{recording}}.html", recording=RECORDINGS),
        viewer_files(),
        group_files(),
        f"results/{HEAD}/study.json",


rule tables:
    input:
        expand(f"results/{HEAD}/tables/table-{{table}}.csv", table=TABLES),


rule reproduction:
    input:
        f"results/{HEAD}/reproduction/reproduction.md",


rule frozen:
    input:
        f"results/{HEAD}/frozen/SHA256SUMS",
        f"results/{HEAD}/frozen/others/metrics.parquet",


rule figures:
    input:
        expand(f"results/{HEAD}/figures/figure-{{figure}}.png", figure=["1", *FIGURES]),
