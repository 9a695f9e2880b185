"""Report: the paper's figures, brains to turn, and one page with everything.

in:  estimates, metrics and tables of every scenario
out: figures/figure-{2..8}.png, brains/scenarios.html, report.html
"""

# The paper's figures: number -> scenario and the classical method shown beside the network.
FIGURES = {
    str(number): (scenario, solver)
    for scenario, (number, solver) in PAPER_FIGURES.items()
    if scenario in NAMED_SCENARIOS
}
SHOWN = {
    number: {"scenario": scenario, "methods": figure_methods(solver)}
    for number, (scenario, solver) in FIGURES.items()
}


rule plot_scenarios:
    """Truth and estimates of a representative window of each scenario on the brain."""
    input:
        **HEAD_FILES,
        sources=rules.build_source_space.output.sources,
        chunks=[path for scenario, _ in FIGURES.values() for path in chunks(scenario)],
        estimates=figure_files("results/{head}/estimates/{scenario}/{method}.nc", SHOWN),
        metrics=figure_files("results/{head}/metrics/{scenario}/{method}.parquet", SHOWN),
    output:
        figures=expand("results/{{head}}/figures/figure-{figure}.png", figure=FIGURES or "none"),
    log:
        "results/{head}/logs/plot_scenarios.log",
    benchmark:
        "results/{head}/benchmarks/plot_scenarios.tsv"
    group:
        together("report")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        anatomy=subpath(input.head, parent=True),
        shown=SHOWN,
        code=code("plot_scenarios"),
    script:
        "../scripts/plot_scenarios.py"


# Every scenario with a name, by the methods that its figure shows: what is random has no figure.
TURNED = {
    name: {
        "scenario": name,
        "methods": figure_methods(PAPER_FIGURES[name][1] if name in PAPER_FIGURES else None),
    }
    for name in NAMED_SCENARIOS
}


rule turn_scenarios:
    """A page of brains to turn: truth and every method's estimate of a window of each scenario."""
    input:
        **HEAD_FILES,
        page=TURNED_PAGE,
        sources=rules.build_source_space.output.sources,
        regions=rules.name_dipoles.output.regions,
        chunks=[path for scenario in TURNED for path in chunks(scenario)],
        estimates=expand(
            "results/{{head}}/estimates/{scenario}/{method}.nc",
            scenario=TURNED,
            method=NETWORKS + SOLVERS,
        ),
        metrics=figure_files("results/{head}/metrics/{scenario}/{method}.parquet", TURNED),
    output:
        page="results/{head}/brains/scenarios.html",
    log:
        "results/{head}/logs/turn_scenarios.log",
    benchmark:
        "results/{head}/benchmarks/turn_scenarios.tsv"
    group:
        together("report")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        anatomy=subpath(input.head, parent=True),
        shown=TURNED,
        code=code("turn_scenarios"),
    script:
        "../scripts/turn_scenarios.py"


rule render_report:
    """One self-contained page: tables, figures, timings, configuration, versions."""
    input:
        template=study_file("src/multisource/report/template.html"),
        parts=PARTS_OF_PAGES,
        judged=rules.judge_head.output.table,
        head_page=rules.judge_head.output.page,
        metrics=expand("results/{{head}}/metrics/test/{method}.parquet", method=METHODS),
        tables=expand("results/{{head}}/tables/table-{table}.csv", table=TABLES),
        calibration=rules.calibrate.output.table,
        reliability=rules.calibrate.output.figure,
        sources=rules.calibrate.output.sources,
        numbers=rules.calibrate.output.numbers,
        detection=rules.calibrate.output.detection,
        heads=rules.compare_heads.output.table,
        heads_picture=rules.compare_heads.output.figure,
        curves=expand("results/{{head}}/figures/curve-{curve}.png", curve=CURVES),
        found=rules.measure_found.output.figure,
        opponents=rules.list_opponents.output.csv if TUNED else [],
        submissions=rules.list_submissions.output.csv if SUBMISSIONS else [],
        electrodes=rules.place_electrodes.output.electrodes,
        electrode_table=rules.place_electrodes.output.table,
        electrode_note=rules.place_electrodes.output.note,
        electrode_picture=rules.plot_anatomy.output.electrodes,
        anatomy=rules.plot_anatomy.output.figure,
        eeg=rules.plot_channel.output.figure,
        comparison=rules.compare_leadfields.output.table,
        by_operator=rules.compare_leadfields.output.figure,
        verification=rules.verify_leadfields.output.table,
        sphere=rules.check_on_sphere.output.figure if SPHERE else [],
        sensitivity=rules.verify_leadfields.output.sensitivity,
        placement=rules.verify_leadfields.output.placement,
        scenarios=expand("results/{{head}}/figures/figure-{figure}.png", figure=FIGURES),
        training=expand("results/{{head}}/network/{network}/loss.png", network=NETWORKS),
        peaks=expand("results/{{head}}/recordings/{recording}/peaks.tsv", recording=RECORDINGS),
        named=expand("results/{{head}}/recordings/{recording}/sources.tsv", recording=RECORDINGS),
        steps=expand("results/{{head}}/recordings/{recording}/steps.tsv", recording=RECORDINGS),
        recordings=expand(
            "results/{{head}}/figures/recording-{recording}.png",
            recording=RECORDINGS,
        ),
        group_pictures=expand("results/{{head}}/figures/group-{group}.png", group=GROUPS),
        group_tables=expand("results/{{head}}/groups/{group}/clusters.tsv", group=GROUPS),
        group_words=expand("results/{{head}}/groups/{group}/test.txt", group=GROUPS),
        # Linked, not held.
        brains=rules.turn_scenarios.output.page if TURNED else [],
        turned=expand("results/{{head}}/brains/recording-{recording}.html", recording=RECORDINGS),
        viewers=viewer_files(),
        study=rules.describe_study.output.record,
        # Nor these: but a table that is deleted is missed, though its picture is what is shown.
        beside=[
            *rules.make_tables.output,
            *rules.compare_heads.output,
            *rules.measure_found.output,
            *rules.compare_leadfields.output,
            *rules.verify_leadfields.output,
            *rules.plot_anatomy.output,
        ],
    output:
        report="results/{head}/report.html",
    log:
        "results/{head}/logs/render_report.log",
    group:
        together("report")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        config=config,
        tables=TABLES,
        networks=NETWORKS,
        curves=list(CURVES),
        shown=[scenario for scenario, _ in FIGURES.values()],
        recordings=list(RECORDINGS),
        groups=list(GROUPS),
        # Notes that Snakemake and the steps leave beside their outputs: no rule's outputs, so
        # a folder of each is named.
        benchmarks="results/{head}/benchmarks",
        records=subpath(output.report, parent=True),
        code=code("render_report"),
    script:
        "../scripts/render_report.py"


# The document's pictures: the name there, what it shows, and the file.
PICTURES = {
    "eeg": ("Simulated EEG: time course and spectrum", "figures/figure-1.png"),
    **{
        f"scenario-{name}": (f"Scenario {name}: truth and estimates", f"figures/figure-{n}.png")
        for n, (name, _) in FIGURES.items()
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
        # The last of a study's files: every other step has left its time and versions then.
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
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        config=config,
        files=[os.path.relpath(path, REPOSITORY) for path in workflow.overwrite_configfiles],
        tables=list(TABLES),
        networks=NETWORKS,
        captions={name: caption for name, (caption, _) in PICTURES.items()},
        # Notes that Snakemake and the steps leave beside their outputs: no rule's outputs, so
        # a folder of each is named.
        benchmarks="results/{head}/benchmarks",
        records=subpath(input.report, parent=True),
        code=code("write_reproduction"),
    script:
        "../scripts/write_reproduction.py"
