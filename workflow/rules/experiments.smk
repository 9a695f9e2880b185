"""Experiments: one change of the settings each, to explain where results deviate from the paper.

in:  leadfields, source space, AR models; the changes that the configuration names
out: experiments/{experiment}.parquet
"""

EXPERIMENTS = config["experiments"]["names"]


rule run_experiment:
    """The classical solvers on random test windows of their own, after one change."""
    input:
        changes=study_file(config["experiments"]["file"]),
        electrodes=rules.place_electrodes.output.electrodes,
        sources=rules.build_source_space.output.table,
        fem=rules.compute_fem.output.forward,
        bem=rules.compute_bem.output.forward,
        ar_models=ar_models(),
    output:
        metrics="results/{head}/experiments/{experiment}.parquet",
    log:
        "results/{head}/logs/run_experiment/{experiment}.log",
    benchmark:
        "results/{head}/benchmarks/run_experiment/{experiment}.tsv"
    wildcard_constraints:
        experiment="|".join(EXPERIMENTS) or "none",
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(3000),
        runtime=grows(30),
    params:
        seed=config["seed"],
        samples=config["experiments"]["samples"],
        # As the test split, but seen through operator A, which the changes are made to.
        simulation=simulated(config, "test") | {"operator": "fem"},
        snr=config["inverse"]["snr"],
        solvers={name: call_settings(config, name) for name in SOLVERS},
        close_radius_mm=config["evaluation"]["close_radius_mm"],
        code=code(
            "run_experiment",
            *disturbance_lines("test"),
            *(SOLVER_LINES[config["inverse"]["settings"][name]["kind"]] for name in SOLVERS),
        ),
    script:
        "../scripts/run_experiment.py"
