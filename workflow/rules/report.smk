"""Report: the paper's figures and one page with everything.

in:  estimates, metrics and tables of every scenario
out: figures/figure-{2..8}.png, report.html
"""

# The paper's figures: number -> scenario and the classical method shown beside the network.
FIGURES = {
    str(number): (region, solver)
    for region, (number, solver) in PAPER_FIGURES.items()
    if region in REGIONS
}


rule plot_scenario:
    """Truth and estimates of a representative window on the brain."""
    input:
        head=rules.build_head.output,
        sources=rules.build_source_space.output.sources,
        chunks=lambda wildcards: chunks(FIGURES[wildcards.figure][0]),
        estimates=lambda wildcards: expand(
            "results/{head}/estimates/{scenario}/{method}.nc",
            head=wildcards.head,
            scenario=FIGURES[wildcards.figure][0],
            method=figure_methods(FIGURES[wildcards.figure][1]),
        ),
        metrics=lambda wildcards: expand(
            "results/{head}/metrics/{scenario}/{method}.parquet",
            head=wildcards.head,
            scenario=FIGURES[wildcards.figure][0],
            method=figure_methods(FIGURES[wildcards.figure][1]),
        ),
    output:
        figure="results/{head}/figures/figure-{figure}.png",
    log:
        "results/{head}/logs/plot_scenario/{figure}.log",
    benchmark:
        "results/{head}/benchmarks/plot_scenario/{figure}.tsv"
    wildcard_constraints:
        figure="|".join(FIGURES) or "none",
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        anatomy=anatomy_folder,
        scenario=lambda wildcards: FIGURES[wildcards.figure][0],
        methods=lambda wildcards: figure_methods(FIGURES[wildcards.figure][1]),
        code=code("plot_scenario"),
    script:
        "../scripts/plot_scenario.py"


rule render_report:
    """One self-contained page: tables, figures, timings, configuration, versions."""
    input:
        template=study_file("src/multisource/report/template.html"),
        metrics=expand("results/{{head}}/metrics/test/{method}.parquet", method=METHODS),
        tables=expand("results/{{head}}/tables/table-{table}.csv", table=TABLES),
        figures=expand("results/{{head}}/figures/figure-{figure}.png", figure=["1", *FIGURES]),
        anatomy=rules.plot_anatomy.output.figure,
        comparison=rules.compare_leadfields.output,
        sphere=rules.check_on_sphere.output,
        verification=rules.verify_leadfields.output,
        training=expand("results/{{head}}/network/{network}/loss.png", network=NETWORKS),
        peaks=expand("results/{{head}}/recordings/{recording}/peaks.tsv", recording=RECORDINGS),
        recordings=expand(
            "results/{{head}}/figures/recording-{recording}.png",
            recording=RECORDINGS,
        ),
    output:
        report="results/{head}/report.html",
    log:
        "results/{head}/logs/render_report.log",
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        config=config,
        tables=TABLES,
        networks=NETWORKS,
        code=code("render_report"),
    script:
        "../scripts/render_report.py"


# The document's pictures: the name there, what it shows, and the file.
PICTURES = {
    "eeg": ("Simulated EEG: time course and spectrum", "figures/figure-1.png"),
    **{
        f"scenario-{region}": (f"Scenario {region}: truth and estimates", f"figures/figure-{n}.png")
        for n, (region, _) in FIGURES.items()
    },
    "leadfields": ("Operator A against operator B", "leadfield/comparison.png"),
    **{f"training-{n}": (f"Training of {n}", f"network/{n}/loss.png") for n in NETWORKS},
    **(
        {"learning-curve": ("Accuracy against training samples", "figures/learning-curve.png")}
        if CURVE
        else {}
    ),
}


rule write_reproduction:
    """The paper's study repeated: a document with tables, deviations, figures and timings."""
    input:
        report=rules.render_report.output.report,
        tables=expand("results/{{head}}/tables/table-{table}.csv", table=TABLES),
        test=expand("results/{{head}}/metrics/test/{method}.parquet", method=METHODS),
        changes=study_file(config["experiments"]["file"]),
        experiments=expand("results/{{head}}/experiments/{name}.parquet", name=EXPERIMENTS),
        curve="results/{head}/network/learning-curve.csv" if CURVE else [],
        pictures=[f"results/{{head}}/{path}" for _, path in PICTURES.values()],
    output:
        document="results/{head}/reproduction/reproduction.md",
        pictures=expand("results/{{head}}/reproduction/reproduction/{name}.png", name=PICTURES),
    log:
        "results/{head}/logs/write_reproduction.log",
    benchmark:
        "results/{head}/benchmarks/write_reproduction.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        config=config,
        files=[os.path.relpath(path, REPOSITORY) for path in workflow.overwrite_configfiles],
        tables=list(TABLES),
        networks=NETWORKS,
        captions={name: caption for name, (caption, _) in PICTURES.items()},
        code=code("write_reproduction"),
    script:
        "../scripts/write_reproduction.py"
