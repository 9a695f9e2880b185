"""Network: trained on the train split, then applied to every scenario.

in:  simulation/{train,validation}/chunk-*.nc
out: network/{network}/{weights.safetensors,settings.json,history.csv,loss.png},
     estimates/{scenario}/{network}.nc
"""


rule train_network:
    """Training with history; a killed training goes on from its last checkpoint."""
    input:
        train=chunks("train"),
        validation=chunks("validation"),
    output:
        weights="results/{head}/network/{network}/weights.safetensors",
        settings="results/{head}/network/{network}/settings.json",
        history="results/{head}/network/{network}/history.csv",
        figure="results/{head}/network/{network}/loss.png",
    log:
        "results/{head}/logs/train_network/{network}.log",
    benchmark:
        "results/{head}/benchmarks/train_network/{network}.tsv"
    # The longest step starts first.
    priority: 1
    conda:
        "../../envs/multisource.yaml"
    threads: 2
    resources:
        mem_mb=5000,
        runtime=240,
        gpu=1,
    params:
        seed=config["seed"],
        settings=lambda wildcards: config["network"]["settings"][wildcards.network],
        code=lambda wildcards: code(
            network_module(wildcards),
            "network.training",
            "network.samples",
            "network.weights",
            "simulation.chunks",
            "figures.training",
        ),
    script:
        "../scripts/train_network.py"


rule predict_network:
    """The network's map for every window of a scenario."""
    input:
        weights=rules.train_network.output.weights,
        settings=rules.train_network.output.settings,
        chunks=lambda wildcards: chunks(wildcards.scenario),
    output:
        estimate="results/{head}/estimates/{scenario}/{network}.nc",
    log:
        "results/{head}/logs/predict_network/{scenario}-{network}.log",
    benchmark:
        "results/{head}/benchmarks/predict_network/{scenario}-{network}.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        code=lambda wildcards: code(
            network_module(wildcards),
            "network.prediction",
            "network.weights",
            "simulation.chunks",
            "evaluation.estimates",
        ),
    script:
        "../scripts/predict_network.py"
