"""Evaluation: metrics of every method on every scenario, the paper's tables, and calibration.

in:  estimates/{scenario}/{method}.nc, simulation/{scenario}/chunk-*.nc, resources/paper-tables.csv
out: simulation/{scenario}/{distances.npz,courses.nc}, metrics/{scenario}/{method}.parquet,
     metrics/validation/{method}.json (thresholds), tables/table-{I..IX}.{csv,md,tex},
     tables/heads.{csv,md}, figures/heads.png, tables/{calibration,sources,numbers,detection,found}.csv, figures/{calibration,found}.png
"""

from multisource.evaluation.names import PAPER_TABLES

# A scenario that the paper has not gets a table of its name; windows without any source have no
# metrics that a table could show.
TABLES = {table: scenario for table, scenario in PAPER_TABLES.items() if scenario in SCENARIOS}
TABLES |= {
    name: name
    for name in SCENARIOS
    if name not in PAPER_TABLES.values() and (name in NAMED_SCENARIOS or has_sources(config, name))
}


rule measure_truth:
    """Distances to the active dipoles and time courses of every window: the same for all methods."""
    input:
        chunks=scored_chunks(),
        sources=rules.build_source_space.output.table,
        ar_models=ar_models(),
        forward=operator_files("scenarios") if NAMED_SCENARIOS else [],
    output:
        distances=scored_files("results/{head}/simulation/{scenario}/distances.npz"),
        courses=scored_files("results/{head}/simulation/{scenario}/courses.nc"),
    log:
        "results/{head}/logs/measure_truth.log",
    benchmark:
        "results/{head}/benchmarks/measure_truth.tsv"
    group:
        together("simulation")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        named=NAMED_SCENARIOS,
        code=code("measure_truth"),
    script:
        "../scripts/measure_truth.py"


rule score_estimates:
    """Every metric of every window of one method; thresholds come from the validation windows."""
    input:
        estimates=scored_files("results/{head}/estimates/{scenario}/{method}.nc"),
        chunks=scored_chunks(),
        distances=rules.measure_truth.output.distances,
        courses=rules.measure_truth.output.courses,
        forward=course_forwards,
        sources=rules.build_source_space.output.table,
    output:
        metrics=scored_files("results/{head}/metrics/{scenario}/{method}.parquet"),
        thresholds="results/{head}/metrics/validation/{method}.json",
    log:
        "results/{head}/logs/score_estimates/{method}.log",
    benchmark:
        "results/{head}/benchmarks/score_estimates/{method}.tsv"
    wildcard_constraints:
        method="|".join(METHODS),
    group:
        together("method")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(15),
    params:
        settings=pick(config["evaluation"], "close_radius_mm", "emd_windows"),
        operators=lambda wildcards: course_operators(config, wildcards.method),
        code=code("score_estimates"),
    script:
        "../scripts/score_estimates.py"


# The networks of the learning curve, on the test set only.
use rule score_estimates as score_learning_curve with:
    input:
        estimates=["results/{head}/estimates/test/{method}.nc"],
        chunks=chunks("test"),
        distances=["results/{head}/simulation/test/distances.npz"],
        sources=rules.build_source_space.output.table,
    output:
        metrics=["results/{head}/metrics/test/{method}.parquet"],
    log:
        "results/{head}/logs/score_learning_curve/{method}.log",
    benchmark:
        "results/{head}/benchmarks/score_learning_curve/{method}.tsv"
    wildcard_constraints:
        method="|".join(CURVE) or "none",


rule make_tables:
    """The paper's tables: its values beside ours, with intervals and tests."""
    input:
        metrics=scenario_files("results/{head}/metrics/{scenario}/{method}.parquet", method=METHODS),
        paper=study_file("resources/paper-tables.csv"),
    output:
        csv=expand("results/{{head}}/tables/table-{table}.csv", table=TABLES),
        md=expand("results/{{head}}/tables/table-{table}.md", table=TABLES),
        tex=expand("results/{{head}}/tables/table-{table}.tex", table=TABLES),
    log:
        "results/{head}/logs/make_tables.log",
    benchmark:
        "results/{head}/benchmarks/make_tables.tsv"
    group:
        together("report")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        tables=list(TABLES),
        methods=METHODS,
        confidence=config["evaluation"]["confidence"],
        reference=reference(config),
        code=code("make_tables"),
    script:
        "../scripts/make_tables.py"


# Random test sets with sources, what made each, and what each method knows of that.
HEADS = [name for name in SCENARIOS if name not in NAMED_SCENARIOS and has_sources(config, name)]
MADE_WITH = {name: operators(config, name) for name in HEADS}
KNOWN = {
    method: {
        name: known for name, known in given_operators(config, method).items() if name in HEADS
    }
    for method in METHODS
} | {name: known_operators(card, MADE_WITH) for name, card in CARDS.items()}
IN_USE = dict.fromkeys(
    name
    for made_with in [MADE_WITH, *KNOWN.values()]
    for listed in made_with.values()
    for name in listed
)


rule compare_heads:
    """Every method on every test head, and how far what it knows lies from that head."""
    input:
        metrics=expand(
            "results/{{head}}/metrics/{scenario}/{method}.parquet", scenario=HEADS, method=METHODS
        ),
        forwards=expand("results/{{head}}/leadfield/{operator}-fwd.fif", operator=IN_USE),
    output:
        table="results/{head}/tables/heads.csv",
        markdown="results/{head}/tables/heads.md",
        figure="results/{head}/figures/heads.png",
    log:
        "results/{head}/logs/compare_heads.log",
    benchmark:
        "results/{head}/benchmarks/compare_heads.tsv"
    group:
        together("report")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        made_with=MADE_WITH,
        given=KNOWN,
        words={name: stated_words(config, name) for name in HEADS},
        confidence=config["evaluation"]["confidence"],
        code=code("compare_heads"),
    script:
        "../scripts/compare_heads.py"


# The map of a solver that says nothing else is no probability, so that it need not be waited for.
TELLING = [
    *NETWORKS,
    *(name for name in SOLVERS if tells(config["inverse"]["settings"][name]["kind"])),
]
CALIBRATED = ["test", *config["evaluation"]["test_splits"]]


rule calibrate:
    """Are the methods that say how sure they are as right as they say: on the random test sets."""
    input:
        estimates=expand(
            "results/{{head}}/estimates/{scenario}/{method}.nc",
            scenario=CALIBRATED,
            method=TELLING,
        ),
        chunks=[path for scenario in CALIBRATED for path in chunks(scenario)],
        sources=rules.build_source_space.output.table,
    output:
        table="results/{head}/tables/calibration.csv",
        sources="results/{head}/tables/sources.csv",
        numbers="results/{head}/tables/numbers.csv",
        detection="results/{head}/tables/detection.csv",
        figure="results/{head}/figures/calibration.png",
    log:
        "results/{head}/logs/calibrate.log",
    benchmark:
        "results/{head}/benchmarks/calibrate.tsv"
    group:
        together("report")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        silent=[name for name in CALIBRATED if not has_sources(config, name)],
        code=code("calibrate"),
    script:
        "../scripts/calibrate.py"


# The classical solver beside those that tell probabilities: the paper's best.
CLASSICAL = [name for name in SOLVERS if name == "eloreta"] or SOLVERS[:1]


rule measure_found:
    """How small, weak and near sources may be and still be found, on the random test set."""
    input:
        estimates=expand(
            "results/{{head}}/estimates/test/{method}.nc",
            method=dict.fromkeys([*CLASSICAL, *TELLING]),
        ),
        chunks=chunks("test"),
        sources=rules.build_source_space.output.table,
        forward=operator_files("test")[0],
    output:
        table="results/{head}/tables/found.csv",
        figure="results/{head}/figures/found.png",
    log:
        "results/{head}/logs/measure_found.log",
    benchmark:
        "results/{head}/benchmarks/measure_found.tsv"
    group:
        together("report")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        code=code("measure_found"),
    script:
        "../scripts/measure_found.py"
