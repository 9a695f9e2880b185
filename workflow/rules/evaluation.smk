"""Evaluation: metrics of every method on every scenario, and the paper's tables.

in:  estimates/{scenario}/{method}.nc, simulation/{scenario}/chunk-*.nc, resources/paper-tables.csv
out: metrics/{scenario}/{method}.parquet, tables/table-{I..IX}.{csv,md,tex}
"""

# The scenario of each of the paper's tables; a scenario of one's own gets a table of its name.
PAPER_TABLES = {
    "I": "A",
    "II": "B",
    "III": "C",
    "IV": "D",
    "V": "test",
    "VI": "E",
    "VII": "F",
    "VIII": "G",
    "IX": "test",
}
TABLES = {table: scenario for table, scenario in PAPER_TABLES.items() if scenario in SCENARIOS}
TABLES |= {region: region for region in REGIONS if region not in PAPER_TABLES.values()}


rule score_estimates:
    """Every metric of every window of one method."""
    input:
        estimate="results/{head}/estimates/{scenario}/{method}.nc",
        chunks=lambda wildcards: chunks(wildcards.scenario),
        sources=rules.build_source_space.output.table,
    output:
        metrics="results/{head}/metrics/{scenario}/{method}.parquet",
    log:
        "results/{head}/logs/score_estimates/{scenario}-{method}.log",
    benchmark:
        "results/{head}/benchmarks/score_estimates/{scenario}-{method}.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=pick(config["evaluation"], "close_radius_mm"),
        code=code("score_estimates"),
    script:
        "../scripts/score_estimates.py"


rule make_table:
    """One of the paper's tables: its values beside ours, with intervals and tests."""
    input:
        metrics=lambda wildcards: expand(
            "results/{head}/metrics/{scenario}/{method}.parquet",
            head=wildcards.head,
            scenario=TABLES[wildcards.table],
            method=METHODS,
        ),
        paper=study_file("resources/paper-tables.csv"),
    output:
        csv="results/{head}/tables/table-{table}.csv",
        md="results/{head}/tables/table-{table}.md",
        tex="results/{head}/tables/table-{table}.tex",
    log:
        "results/{head}/logs/make_table/{table}.log",
    benchmark:
        "results/{head}/benchmarks/make_table/{table}.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        methods=METHODS,
        confidence=config["evaluation"]["confidence"],
        reference=config["evaluation"]["reference"],
        code=code("make_table"),
    script:
        "../scripts/make_table.py"
