"""Submissions: estimates that were made elsewhere, beside those of the study's methods.

in:  the folders of evaluation.submissions, simulation/{scenario}/chunk-*.nc
out: estimates/{scenario}/{submission}.nc, tables/submissions.{csv,md}
"""

FROZEN = config["evaluation"]["frozen"]


rule take_submission:
    """The maps of a submission, checked, for every scenario."""
    input:
        card=lambda wildcards: f"{SUBMISSIONS[wildcards.submission]}/{CARD}",
        maps=lambda wildcards: expand(
            f"{SUBMISSIONS[wildcards.submission]}/{{scenario}}.nc", scenario=SCORED
        ),
        chunks=scored_chunks(),
    output:
        estimates=scored_files("results/{head}/estimates/{scenario}/{submission}.nc"),
    log:
        "results/{head}/logs/take_submission/{submission}.log",
    benchmark:
        "results/{head}/benchmarks/take_submission/{submission}.tsv"
    group:
        together("method")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        folder=lambda wildcards: SUBMISSIONS[wildcards.submission],
        windows=FROZEN["windows"],
        operators=[*OPERATORS, *VARIANTS],
        code=code("take_submission"),
    script:
        "../scripts/take_submission.py"


rule list_submissions:
    """Who made the submissions, and what their methods were told."""
    input:
        cards=[f"{folder}/{CARD}" for folder in SUBMISSIONS.values()],
    output:
        csv="results/{head}/tables/submissions.csv",
        md="results/{head}/tables/submissions.md",
    log:
        "results/{head}/logs/list_submissions.log",
    benchmark:
        "results/{head}/benchmarks/list_submissions.tsv"
    group:
        together("report")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(5),
    params:
        folders=SUBMISSIONS,
        code=code("list_submissions"),
    script:
        "../scripts/list_submissions.py"
