"""Inverse: every classical solver is a kernel on operator B, applied to every scenario.

in:  leadfield/bem-fwd.fif, simulation/{scenario}/chunk-*.nc
out: inverse/{solver}.nc, estimates/{scenario}/{solver,baseline}.nc
"""


rule build_kernel:
    """The kernel of one solver: (dipoles x orientations) x channels."""
    input:
        forward=rules.compute_bem.output.forward,
    output:
        kernel="results/{head}/inverse/{solver}.nc",
    log:
        "results/{head}/logs/build_kernel/{solver}.log",
    benchmark:
        "results/{head}/benchmarks/build_kernel/{solver}.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=3000,
        runtime=20,
    params:
        snr=config["inverse"]["snr"],
        settings=lambda wildcards: config["inverse"]["settings"][wildcards.solver],
        code=lambda wildcards: code("build_kernel", solver_line(wildcards)),
    script:
        "../scripts/build_kernel.py"


rule solve_scenario:
    """One solver's map for every window of a scenario."""
    input:
        kernel=solver_kernel,
        forward=solver_forward,
        chunks=lambda wildcards: chunks(wildcards.scenario),
    output:
        estimate="results/{head}/estimates/{scenario}/{solver}.nc",
    log:
        "results/{head}/logs/solve_scenario/{scenario}-{solver}.log",
    benchmark:
        "results/{head}/benchmarks/solve_scenario/{scenario}-{solver}.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        smooth=config["inverse"]["smooth"],
        settings=lambda wildcards: (
            {}
            if solver_kernel(wildcards)
            else pick(config["inverse"], "snr") | config["inverse"]["settings"][wildcards.solver]
        ),
        code=lambda wildcards: code(
            "solve_scenario", *([] if solver_kernel(wildcards) else [solver_line(wildcards)])
        ),
    script:
        "../scripts/solve_scenario.py"


rule estimate_baseline:
    """Random (one fixed map a scenario) and Perfect (the truth itself)."""
    input:
        chunks=lambda wildcards: chunks(wildcards.scenario),
    output:
        estimate="results/{head}/estimates/{scenario}/{baseline}.nc",
    log:
        "results/{head}/logs/estimate_baseline/{scenario}-{baseline}.log",
    benchmark:
        "results/{head}/benchmarks/estimate_baseline/{scenario}-{baseline}.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        seed=config["seed"],
        code=code("estimate_baseline"),
    script:
        "../scripts/estimate_baseline.py"
