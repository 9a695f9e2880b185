"""The study of one head: all stages, and targets to stop at each.

anatomy -> leadfields A (FEM) and B (BEM) -> simulation -> network | inverse
        -> metrics -> tables, figures, report
"""


include: "rules/common.smk"
include: "rules/lookup.smk"
include: "rules/cluster.smk"


# What is computed where no target is named.
WANTED = [f"results/{HEAD}/report.html"]


include: "rules/segmentation.smk"
include: "rules/anatomy.smk"
include: "rules/leadfield.smk"
include: "rules/variants.smk"
include: "rules/simulation.smk"
include: "rules/network.smk"
include: "rules/inverse.smk"
include: "rules/submissions.smk"
include: "rules/evaluation.smk"
include: "rules/frozen.smk"
include: "rules/curves.smk"
include: "rules/recordings.smk"
include: "rules/experiments.smk"
include: "rules/report.smk"


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
