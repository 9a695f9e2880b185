"""Variants of the leadfield: other heads, meshes, methods or electrodes, where a split names them.

in:  as for leadfields; config leadfield.variants; results of another head, where one names them
out: leadfield/{variant}-fwd.fif, and what it takes: leadfield/{variant}-{electrodes.tsv,mesh.npz,
     transfer.npy,dipoles.tsv}, or, of another head, leadfield/{variant}-matched.tsv
"""

MESH_SETTINGS = ("mesh", "shift", "inner_edge_mm")


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
        mem_mb=grows(1000),
        runtime=grows(5),
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
        inner_edge_mm=variant_setting("inner_edge_mm"),


use rule solve_transfer as solve_variant with:
    input:
        mesh=variant_file("mesh.npz", *MESH_SETTINGS),
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
        mesh=variant_file("mesh.npz", *MESH_SETTINGS),
        transfer=variant_file("transfer.npy", *MESH_SETTINGS, "conductivity"),
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
        rings=variant_setting("rings"),
        true_places=variant_setting("true_places"),
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


rule borrow_leadfield:
    """The leadfield of another head, for the dipoles of this one that lie where its dipoles do."""
    input:
        **HEAD_FILES,
        electrodes=rules.place_electrodes.output.electrodes,
        sources=rules.build_source_space.output.sources,
        registered=expand(
            "results/{{head}}/subjects/{{head}}/surf/{side}.sphere.reg", side=["lh", "rh"]
        ),
        other_forward=of_another_head("forward"),
        other_sources=of_another_head("sources"),
        other_surfaces=of_another_head("surfaces"),
    output:
        forward="results/{head}/leadfield/{variant}-fwd.fif",
        matched="results/{head}/leadfield/{variant}-matched.tsv",
    log:
        "results/{head}/logs/borrow_leadfield/{variant}.log",
    benchmark:
        "results/{head}/benchmarks/borrow_leadfield/{variant}.tsv"
    wildcard_constraints:
        variant="|".join(BORROWED) or "none",
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        anatomy=subpath(input.head, parent=True),
        code=code("borrow_leadfield"),
    script:
        "../scripts/borrow_leadfield.py"
