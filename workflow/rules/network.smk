"""Network: trained on the train split or one that it names, then applied to every scenario.

in:  simulation/{train,validation}/chunk-*.nc
out: network/{network}/{weights.safetensors,settings.json,history.csv,loss.png,certainty.json},
     estimates/{scenario}/{network}.nc, network/learning-curve.csv, figures/learning-curve.png
"""


rule train_network:
    """Training with history; a killed training goes on from its last checkpoint."""
    input:
        sources=rules.build_source_space.output.table,
        forward=lambda wildcards: operator_files(training_split(wildcards)),
        electrodes=rules.place_electrodes.output.electrodes,
        ar_models=ar_models(),
        train=lambda wildcards: chunks(training_split(wildcards), training_samples(wildcards)),
        validation=lambda wildcards: chunks(validation_split(wildcards)),
        start=first_weights,
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
    # Fresh samples are made beside a network that itself takes one thread: together about one core.
    # A GPU learns from as many as a dozen cores make.
    threads: lambda wildcards: 12 if HAS_GPU and is_fresh(wildcards) else 1
    resources:
        **TRAINING_GPU,
        mem_mb=grows(5000),
        runtime=grows(TRAINING_MINUTES),
        # Here one training at a time (profiles/default), on a cluster all.
        training=lambda wildcards: 0 if on_cluster() else 1,
    params:
        seed=config["seed"],
        samples=training_samples,
        channels=lambda wildcards: OF_FEWER_CHANNELS.get(wildcards.network, []),
        settings=network_settings,
        split=training_split,
        simulated=lambda wildcards: simulated(config, training_split(wildcards)),
        code=lambda wildcards: code(
            "train_network",
            network_line(wildcards),
            *(disturbance_lines(training_split(wildcards)) if is_fresh(wildcards) else []),
        ),
    script:
        "../scripts/train_network.py"


rule learn_certainty:
    """How sure the network's sources are: learnt on its validation windows, which taught no weight."""
    input:
        weights=rules.train_network.output.weights,
        settings=rules.train_network.output.settings,
        sources=rules.build_source_space.output.table,
        chunks=lambda wildcards: chunks(validation_split(wildcards)),
    output:
        certainty="results/{head}/network/{network}/certainty.json",
    log:
        "results/{head}/logs/learn_certainty/{network}.log",
    benchmark:
        "results/{head}/benchmarks/learn_certainty/{network}.tsv"
    group:
        together("method")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        channels=lambda wildcards: OF_FEWER_CHANNELS.get(wildcards.network, []),
        code=lambda wildcards: code("learn_certainty", network_line(wildcards)),
    script:
        "../scripts/learn_certainty.py"


rule predict_network:
    """The network's map for every window of every scenario, and the sources that it shows."""
    input:
        weights=rules.train_network.output.weights,
        settings=rules.train_network.output.settings,
        certainty=rules.learn_certainty.output.certainty,
        sources=rules.build_source_space.output.table,
        chunks=scored_chunks(),
    output:
        estimates=scored_files("results/{head}/estimates/{scenario}/{network}.nc"),
    log:
        "results/{head}/logs/predict_network/{network}.log",
    benchmark:
        "results/{head}/benchmarks/predict_network/{network}.tsv"
    wildcard_constraints:
        network="|".join(NETWORKS),
    group:
        together("method")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        code=lambda wildcards: code("predict_network", network_line(wildcards)),
    script:
        "../scripts/predict_network.py"


# The networks of the learning curve, on the test set only.
use rule predict_network as predict_learning_curve with:
    input:
        weights=rules.train_network.output.weights,
        settings=rules.train_network.output.settings,
        certainty=rules.learn_certainty.output.certainty,
        sources=rules.build_source_space.output.table,
        chunks=chunks("test"),
    output:
        estimates=["results/{head}/estimates/test/{network}.nc"],
    log:
        "results/{head}/logs/predict_learning_curve/{network}.log",
    benchmark:
        "results/{head}/benchmarks/predict_learning_curve/{network}.tsv"
    wildcard_constraints:
        network="|".join(CURVE) or "none",


rule plot_learning_curve:
    """What a network finds in the test set against the number of its training samples."""
    input:
        metrics=lambda wildcards: expand(
            "results/{head}/metrics/test/{network}.parquet",
            head=wildcards.head,
            network=learning_curve_samples(),
        ),
        paper=study_file("resources/paper-tables.csv"),
    output:
        csv="results/{head}/network/learning-curve.csv",
        figure="results/{head}/figures/learning-curve.png",
    log:
        "results/{head}/logs/plot_learning_curve.log",
    benchmark:
        "results/{head}/benchmarks/plot_learning_curve.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        network=config["network"]["learning_curve"]["network"],
        samples=learning_curve_samples(),
        confidence=config["evaluation"]["confidence"],
        code=code("plot_learning_curve"),
    script:
        "../scripts/plot_learning_curve.py"
