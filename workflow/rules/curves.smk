"""Curves: how methods do as one property of the windows changes, value by value.

in:  leadfields, AR models, networks, kernels, metrics/validation/{method}.json; config evaluation.curves
out: curves/{curve}-{point}.parquet, tables/curve-{curve}.csv, figures/curve-{curve}.png
"""


rule measure_curve_point:
    """Windows with one property changed, and all metrics of the curve's methods on them."""
    input:
        electrodes=rules.place_electrodes.output.electrodes,
        sources=rules.build_source_space.output.table,
        forward=point_operators,
        depth=lambda wildcards: (
            rules.compare_leadfields.output.table if curve_setting(wildcards) == DEPTH else []
        ),
        ar_models=ar_models(),
        networks=lambda wildcards: expand(
            "results/{head}/network/{network}/{file}",
            head=HEAD,
            network=point_networks(wildcards),
            file=["weights.safetensors", "settings.json", "certainty.json"],
        ),
        solvers=curve_solver_files,
        thresholds=lambda wildcards: expand(
            "results/{head}/metrics/validation/{method}.json",
            head=HEAD,
            method=curve_methods(config, wildcards.curve),
        ),
    output:
        metrics="results/{head}/curves/{curve}-{point}.parquet",
    log:
        "results/{head}/logs/measure_curve_point/{curve}-{point}.log",
    benchmark:
        "results/{head}/benchmarks/measure_curve_point/{curve}-{point}.tsv"
    group:
        together("curves")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(3000),
        runtime=grows(30),
    params:
        seed=config["seed"],
        split=lambda wildcards: curve_split(config, wildcards.curve),
        simulation=lambda wildcards: point_simulation(config, wildcards.curve, int(wildcards.point)),
        setting=curve_setting,
        value=lambda wildcards: CURVES[wildcards.curve]["values"][int(wildcards.point)],
        channels=curve_channels,
        samples=lambda wildcards: CURVES[wildcards.curve].get("samples", 100),
        networks=curve_networks,
        solvers=curve_solvers,
        study={"simulation": simulated(config), "seed": config["seed"]},
        metrics=pick(config["evaluation"], "close_radius_mm", "emd_windows"),
        code=lambda wildcards: code(
            "measure_curve_point",
            *disturbance_lines(curve_split(config, wildcards.curve)),
            *(
                NETWORK_LINES[config["network"]["settings"][name]["architecture"]]
                for name in curve_networks(wildcards)
            ),
            *(
                SOLVER_LINES[config["inverse"]["settings"][name]["kind"]]
                for name, given in curve_solvers(wildcards).items()
                if not given["kernel"]
            ),
        ),
    script:
        "../scripts/measure_curve_point.py"


rule plot_curve:
    """A curve as a table and a figure."""
    input:
        points=lambda wildcards: expand(
            "results/{head}/curves/{curve}-{point}.parquet",
            head=HEAD,
            curve=wildcards.curve,
            point=range(len(CURVES[wildcards.curve]["values"])),
        ),
    output:
        table="results/{head}/tables/curve-{curve}.csv",
        figure="results/{head}/figures/curve-{curve}.png",
    log:
        "results/{head}/logs/plot_curve/{curve}.log",
    benchmark:
        "results/{head}/benchmarks/plot_curve/{curve}.tsv"
    group:
        together("curves")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(5),
    params:
        values=lambda wildcards: CURVES[wildcards.curve]["values"],
        setting=curve_setting,
        # Of all curves, in whose order they have their colours.
        methods=list(
            dict.fromkeys(name for curve in CURVES for name in curve_methods(config, curve))
        ),
        confidence=config["evaluation"]["confidence"],
        code=code("plot_curve"),
    script:
        "../scripts/plot_curve.py"
