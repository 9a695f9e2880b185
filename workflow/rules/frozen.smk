"""Frozen: a benchmark set for methods that are run elsewhere; only the target `frozen` asks for it.

in:  simulation/{scenario}/chunk-*.nc, leadfield/{fem,bem}-fwd.fif, metrics, tables/heads.csv
out: frozen/windows/*.nc, frozen/truth/*.nc, frozen/head.nc, frozen/SHA256SUMS,
     frozen/others/{metrics.parquet,heads.csv}
"""


rule freeze_windows:
    """The first windows of every test set, the truth kept apart, the head, and checksums."""
    input:
        chunks=[path for scenario in SCORED for path in chunks(scenario, FROZEN["windows"])],
        sources=rules.build_source_space.output.table,
        electrodes=rules.place_electrodes.output.electrodes,
        forwards=expand("results/{{head}}/leadfield/{operator}-fwd.fif", operator=OPERATORS),
    output:
        windows=expand("results/{{head}}/frozen/windows/{scenario}.nc", scenario=SCORED),
        truth=expand(
            "results/{{head}}/frozen/truth/{scenario}.nc",
            scenario=[name for name in SCORED if name != "validation"],
        ),
        head="results/{head}/frozen/head.nc",
        sources="results/{head}/frozen/sources.tsv",
        about="results/{head}/frozen/README.txt",
        checksums="results/{head}/frozen/SHA256SUMS",
    log:
        "results/{head}/logs/freeze_windows.log",
    benchmark:
        "results/{head}/benchmarks/freeze_windows.tsv"
    group:
        together("report")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        frozen=FROZEN,
        states={
            name: stated_words(config, "scenarios" if name in NAMED_SCENARIOS else name)
            for name in SCORED
        },
        code=code("freeze_windows"),
    script:
        "../scripts/freeze_windows.py"


# A submission is not part of what others are compared with.
OWN_METHODS = [name for name in METHODS if name not in SUBMISSIONS]


rule freeze_results:
    """What the study's methods reach on the same windows, for the tables of a submission."""
    input:
        metrics=expand(
            "results/{{head}}/metrics/{scenario}/{method}.parquet",
            scenario=SCORED,
            method=OWN_METHODS,
        ),
        heads=rules.compare_heads.output.table,
    output:
        metrics="results/{head}/frozen/others/metrics.parquet",
        heads="results/{head}/frozen/others/heads.csv",
    log:
        "results/{head}/logs/freeze_results.log",
    benchmark:
        "results/{head}/benchmarks/freeze_results.tsv"
    group:
        together("report")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        windows=FROZEN["windows"],
        methods=OWN_METHODS,
        code=code("freeze_results"),
    script:
        "../scripts/freeze_results.py"
