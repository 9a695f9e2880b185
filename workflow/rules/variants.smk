"""Variants of the leadfield: other heads, meshes, methods or electrodes, where a split names them.

in:  as for leadfields; config leadfield.variants
out: leadfield/{variant}-fwd.fif, and what it takes: leadfield/{variant}-{electrodes.tsv,mesh.npz,
     transfer.npy,dipoles.tsv}
"""


def variants_of(method):
    """Return the pattern of the variants that a method computes."""
    return "|".join(name for name in VARIANTS if variant_method(config, name) == method) or "none"


def variant_setting(key):
    """Return a function of the wildcards: one setting of a variant's method."""
    return lambda wildcards: operator_settings(config, wildcards.variant)[key]


def variant_file(kind, *keys):
    """Return a function of the wildcards: a file of a variant, or the study's if it is the same.

    It differs where one of these settings does, and a transfer matrix where electrodes are moved.
    """

    def file(wildcards):
        own, study = operator_settings(config, wildcards.variant), config["leadfield"]["fem"]
        moved = "transfer" in kind and is_moved(wildcards)
        other = moved or any(own[key] != study[key] for key in keys)
        return f"results/{HEAD}/leadfield/{wildcards.variant if other else 'fem'}-{kind}"

    return file


def is_moved(wildcards):
    """Whether the electrodes of a variant are moved."""
    return VARIANTS[wildcards.variant].get("electrode_error_mm", 0) > 0


def variant_electrodes(wildcards):
    """Return the electrodes of a variant: the study's, or moved ones."""
    if is_moved(wildcards):
        return f"results/{HEAD}/leadfield/{wildcards.variant}-electrodes.tsv"
    return f"results/{HEAD}/anatomy/electrodes.tsv"


rule displace_electrodes:
    """Electrodes moved at random along the scalp, in every run to the same places."""
    input:
        **HEAD_FILES,
        electrodes=rules.place_electrodes.output.electrodes,
    output:
        electrodes="results/{head}/leadfield/{variant}-electrodes.tsv",
    log:
        "results/{head}/logs/displace_electrodes/{variant}.log",
    benchmark:
        "results/{head}/benchmarks/displace_electrodes/{variant}.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        anatomy=subpath(input.head, parent=True),
        error_mm=lambda wildcards: VARIANTS[wildcards.variant]["electrode_error_mm"],
        seed=lambda wildcards: [config["seed"], VARIANTS[wildcards.variant].get("seed", 0)],
        code=code("displace_electrodes"),
    script:
        "../scripts/displace_electrodes.py"


use rule mesh_head as mesh_variant with:
    output:
        mesh="results/{head}/leadfield/{variant}-mesh.npz",
    log:
        "results/{head}/logs/mesh_variant/{variant}.log",
    benchmark:
        "results/{head}/benchmarks/mesh_variant/{variant}.tsv"
    params:
        kind=variant_setting("mesh"),
        shift=variant_setting("shift"),


use rule solve_transfer as solve_variant with:
    input:
        mesh=variant_file("mesh.npz", "mesh", "shift"),
        electrodes=variant_electrodes,
    output:
        transfer="results/{head}/leadfield/{variant}-transfer.npy",
    log:
        "results/{head}/logs/solve_variant/{variant}.log",
    benchmark:
        "results/{head}/benchmarks/solve_variant/{variant}.tsv"
    params:
        conductivity=variant_setting("conductivity"),


use rule compute_fem as compute_fem_variant with:
    input:
        **HEAD_FILES,
        electrodes=variant_electrodes,
        sources=rules.build_source_space.output.sources,
        mesh=variant_file("mesh.npz", "mesh", "shift"),
        transfer=variant_file("transfer.npy", "mesh", "shift", "conductivity"),
    output:
        forward="results/{head}/leadfield/{variant}-fwd.fif",
        dipoles="results/{head}/leadfield/{variant}-dipoles.tsv",
    log:
        "results/{head}/logs/compute_fem_variant/{variant}.log",
    benchmark:
        "results/{head}/benchmarks/compute_fem_variant/{variant}.tsv"
    wildcard_constraints:
        variant=variants_of("fem"),
    params:
        source_model=variant_setting("source_model"),
        depth=variant_setting("depth"),
        conductivity=variant_setting("conductivity"),
        code=lambda wildcards: code(
            "compute_fem",
            BACKENDS[FEM_BACKEND],
            SOURCE_MODELS[operator_settings(config, wildcards.variant)["source_model"]],
        ),


use rule compute_bem as compute_bem_variant with:
    input:
        **HEAD_FILES,
        electrodes=variant_electrodes,
        sources=rules.build_source_space.output.sources,
    output:
        forward="results/{head}/leadfield/{variant}-fwd.fif",
    log:
        "results/{head}/logs/compute_bem_variant/{variant}.log",
    benchmark:
        "results/{head}/benchmarks/compute_bem_variant/{variant}.tsv"
    wildcard_constraints:
        variant=variants_of("bem"),
    params:
        settings=lambda wildcards: operator_settings(config, wildcards.variant),
