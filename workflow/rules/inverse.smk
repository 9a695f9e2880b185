"""Inverse: a classical solver is a kernel on operator B or one that it names, for all scenarios.

in:  leadfield/{bem or another}-fwd.fif, simulation/{scenario}/chunk-*.nc
out: inverse/{solver}.nc or inverse/{solver}-{operator}.nc, estimates/{scenario}/{solver,baseline}.nc;
     of solvers with a grid inverse/{solver}-choice.json, tables/opponents.{csv,md}
"""


rule tune_solver:
    """Options of a solver chosen on validation windows, by one rule for all; its time is measured."""
    input:
        unpack(lambda wildcards: measured_noise_files(wildcards, ["validation"])),
        forward=lambda wildcards: f"results/{HEAD}/leadfield/"
        f"{solver_operators(config, wildcards.solver)['validation']}-fwd.fif",
        ar_models=lambda wildcards: solver_study(wildcards, ar_models()),
        sources=lambda wildcards: solver_study(wildcards, rules.build_source_space.output.table),
        chunks=chunks("validation", config["inverse"]["tuning"]["windows"]),
    output:
        choice="results/{head}/inverse/{solver}-choice.json",
    log:
        "results/{head}/logs/tune_solver/{solver}.log",
    benchmark:
        "results/{head}/benchmarks/tune_solver/{solver}.tsv"
    group:
        together("method")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(3000),
        runtime=grows(120),
    params:
        windows=config["inverse"]["tuning"]["windows"],
        grid=lambda wildcards: config["inverse"]["settings"][wildcards.solver]["tune"],
        settings=told_settings,
        snr=config["inverse"]["snr"],
        smooth=config["inverse"]["smooth"],
        told=lambda wildcards: is_told(told_settings(wildcards)),
        made_by=lambda wildcards: made_by_operators(wildcards, ["validation"]),
        study=lambda wildcards: solver_study(
            wildcards, {"simulation": simulated(config), "seed": config["seed"]}
        ),
        code=lambda wildcards: code("tune_solver", *solver_lines(wildcards)),
    script:
        "../scripts/tune_solver.py"


rule list_opponents:
    """What was tried and chosen of every solver with a grid, and what a window costs."""
    input:
        choices=expand("results/{{head}}/inverse/{solver}-choice.json", solver=TUNED),
    output:
        csv="results/{head}/tables/opponents.csv",
        md="results/{head}/tables/opponents.md",
    log:
        "results/{head}/logs/list_opponents.log",
    benchmark:
        "results/{head}/benchmarks/list_opponents.tsv"
    group:
        together("report")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(5),
    params:
        code=code("list_opponents"),
    script:
        "../scripts/list_opponents.py"


rule build_kernel:
    """The kernel of one solver: (dipoles x orientations) x channels."""
    input:
        forward=kernel_forward,
        choice=solver_choice,
    output:
        kernel="results/{head}/inverse/{solver}.nc",
    log:
        "results/{head}/logs/build_kernel/{solver}.log",
    benchmark:
        "results/{head}/benchmarks/build_kernel/{solver}.tsv"
    group:
        together("method")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(3000),
        runtime=grows(10),
    params:
        snr=config["inverse"]["snr"],
        settings=told_settings,
        code=lambda wildcards: code("build_kernel", solver_line(wildcards)),
    script:
        "../scripts/build_kernel.py"


# With `operator: own` a solver has a kernel for each operator that made windows.
use rule build_kernel as build_own_kernel with:
    input:
        forward="results/{head}/leadfield/{operator}-fwd.fif",
        choice=solver_choice,
    output:
        kernel="results/{head}/inverse/{solver}-{operator}.nc",
    log:
        "results/{head}/logs/build_own_kernel/{solver}-{operator}.log",
    benchmark:
        "results/{head}/benchmarks/build_own_kernel/{solver}-{operator}.tsv"
    wildcard_constraints:
        operator="|".join([*OPERATORS, *VARIANTS]),


rule solve_scenarios:
    """One solver's map for every window of every scenario."""
    input:
        unpack(lambda wildcards: measured_noise_files(wildcards, SCORED)),
        kernel=solver_kernel,
        forward=solver_forward,
        choice=data_solver_choice,
        ar_models=lambda wildcards: solver_study(wildcards, ar_models()),
        sources=lambda wildcards: solver_study(wildcards, rules.build_source_space.output.table),
        chunks=scored_chunks(),
        proposal=proposed_maps,
    output:
        estimates=scored_files("results/{head}/estimates/{scenario}/{solver}.nc"),
    log:
        "results/{head}/logs/solve_scenarios/{solver}.log",
    benchmark:
        "results/{head}/benchmarks/solve_scenarios/{solver}.tsv"
    group:
        together("method")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        smooth=config["inverse"]["smooth"],
        settings=solver_settings,
        windows=solver_windows,
        operators=lambda wildcards: solver_operators(config, wildcards.solver),
        made_by=lambda wildcards: made_by_operators(wildcards, SCORED),
        told=lambda wildcards: is_told(told_settings(wildcards)),
        study=lambda wildcards: solver_study(
            wildcards, {"simulation": simulated(config), "seed": config["seed"]}
        ),
        code=lambda wildcards: code(
            "solve_scenarios", *([] if solver_kernel(wildcards) else solver_lines(wildcards))
        ),
    script:
        "../scripts/solve_scenarios.py"


rule estimate_baseline:
    """Random (one fixed map a scenario) and Perfect (the truth itself)."""
    input:
        chunks=scored_chunks(),
    output:
        estimates=scored_files("results/{head}/estimates/{scenario}/{baseline}.nc"),
    log:
        "results/{head}/logs/estimate_baseline/{baseline}.log",
    benchmark:
        "results/{head}/benchmarks/estimate_baseline/{baseline}.tsv"
    group:
        together("method")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(5),
    params:
        seed=config["seed"],
        code=code("estimate_baseline"),
    script:
        "../scripts/estimate_baseline.py"
