"""Simulation: EEG windows with known patches, projected by operator A.

in:  leadfield/fem-fwd.fif or those that splits name, the AR models and scenario centres that the configuration names
out: simulation/{split}/chunk-{chunk}.nc for every split and scenario, figures/figure-1.png
"""


rule fit_ar_models:
    """AR models of the sources of a recording, seen through operator B."""
    input:
        recording=recording(),
        forward=rules.compute_bem.output.forward,
    output:
        models="results/{head}/simulation/ar-models.yaml",
        figure="results/{head}/simulation/ar-models.png",
    log:
        "results/{head}/logs/fit_ar_models.log",
    benchmark:
        "results/{head}/benchmarks/fit_ar_models.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(3000),
        runtime=grows(30),
    params:
        seed=config["seed"],
        sfreq=config["simulation"]["sfreq"],
        snr=config["inverse"]["snr"],
        code=code("fit_ar_models", SOLVER_LINES["sloreta"]),
    script:
        "../scripts/fit_ar_models.py"


rule simulate_chunk:
    """One chunk of a split: random patches; sample i is the same whatever the chunks are."""
    input:
        electrodes=rules.place_electrodes.output.electrodes,
        sources=rules.build_source_space.output.table,
        forward=lambda wildcards: operator_files(wildcards.split),
        ar_models=ar_models(),
    output:
        chunk="results/{head}/simulation/{split}/chunk-{chunk}.nc",
    log:
        "results/{head}/logs/simulate_chunk/{split}-{chunk}.log",
    benchmark:
        "results/{head}/benchmarks/simulate_chunk/{split}-{chunk}.tsv"
    group:
        together("simulation")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        seed=config["seed"],
        range=chunk_range,
        settings=lambda wildcards: simulated(config, wildcards.split),
        code=lambda wildcards: code("simulate_chunk", *disturbance_lines(wildcards.split)),
    script:
        "../scripts/simulate_chunk.py"


rule simulate_scenarios:
    """The named scenarios, each as a continuous recording, cut into windows."""
    input:
        **HEAD_FILES,
        sources=rules.build_source_space.output.sources,
        electrodes=rules.place_electrodes.output.electrodes,
        forward=operator_files("scenarios"),
        ar_models=ar_models(),
        scenarios=study_file(config["simulation"]["scenarios"]["file"]),
    output:
        chunks=expand("results/{{head}}/simulation/{scenario}/chunk-0.nc", scenario=NAMED_SCENARIOS),
    log:
        "results/{head}/logs/simulate_scenarios.log",
    benchmark:
        "results/{head}/benchmarks/simulate_scenarios.tsv"
    group:
        together("simulation")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        anatomy=subpath(input.head, parent=True),
        seed=config["seed"],
        duration_s=config["simulation"]["scenarios"]["duration_s"],
        settings=simulated(config, "scenarios"),
        code=code("simulate_scenarios", *disturbance_lines("scenarios")),
    script:
        "../scripts/simulate_scenarios.py"


rule plot_channel:
    """Figure 1: one simulated channel, time course and spectrum."""
    input:
        chunk=f"results/{{head}}/simulation/{NAMED_SCENARIOS[0]}/chunk-0.nc",
        recording=recording(),
    output:
        figure="results/{head}/figures/figure-1.png",
    log:
        "results/{head}/logs/plot_channel.log",
    benchmark:
        "results/{head}/benchmarks/plot_channel.tsv"
    group:
        together("simulation")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(5),
    params:
        channel="T7",
        code=code("plot_channel"),
    script:
        "../scripts/plot_channel.py"
