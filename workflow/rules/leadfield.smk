"""Leadfields: operator A (FEM, simulates) and operator B (BEM, solves) on the same dipoles.

in:  anatomy/*
out: leadfield/sources-src.fif, leadfield/{sources,regions}.tsv,
     leadfield/fem-fwd.fif, leadfield/bem-fwd.fif (MNE Forward, V/(Am)),
     leadfield/fem-dipoles.tsv, leadfield/comparison.csv, leadfield/comparison.png,
     anatomy/head.html, anatomy/findings.tsv
"""

from multisource.fem.backends import BACKENDS
from multisource.fem.source_models import SOURCE_MODELS

FEM_BACKEND = config["leadfield"]["fem"]["backend"]
SOURCE_MODEL = config["leadfield"]["fem"]["source_model"]
# Hexahedra of 1 mm are eight times as many as those of 2 mm.
FINE_VOXELS = voxel_mm() < 1.5


rule build_source_space:
    """Dipoles on the white surface with the cortex normals, and a table of their places."""
    input:
        **HEAD_FILES,
    output:
        sources="results/{head}/leadfield/sources-src.fif",
        table="results/{head}/leadfield/sources.tsv",
    log:
        "results/{head}/logs/build_source_space.log",
    benchmark:
        "results/{head}/benchmarks/build_source_space.tsv"
    group:
        together("head")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1500),
        runtime=grows(10),
    params:
        anatomy=subpath(input.head, parent=True),
        settings=config["source_space"],
        code=code("build_source_space"),
    script:
        "../scripts/build_source_space.py"


rule name_dipoles:
    """The regions of every dipole, its place in MNI152, and whether there is cortex."""
    input:
        sources=rules.build_source_space.output.table,
        head=rules.build_head.output.head,
        annotations=rules.parcellate_head.output.annotations,
        distances=rules.parcellate_head.output.distances,
        origin=rules.parcellate_head.output.origin,
    output:
        regions="results/{head}/leadfield/regions.tsv",
    log:
        "results/{head}/logs/name_dipoles.log",
    benchmark:
        "results/{head}/benchmarks/name_dipoles.tsv"
    group:
        together("head")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(5),
    params:
        subject=subpath(input.origin, ancestor=2),
        code=code("name_dipoles"),
    script:
        "../scripts/name_dipoles.py"


rule mesh_head:
    """The FEM mesh: shifted hexahedra of the tissue voxels, or tetrahedra fitted to the shells."""
    input:
        **HEAD_FILES,
    output:
        mesh="results/{head}/leadfield/fem-mesh.npz",
    log:
        "results/{head}/logs/mesh_head.log",
    benchmark:
        "results/{head}/benchmarks/mesh_head.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(3000),
        runtime=grows(20),
    params:
        anatomy=subpath(input.head, parent=True),
        kind=config["leadfield"]["fem"]["mesh"],
        shift=config["leadfield"]["fem"]["shift"],
        inner_edge_mm=config["leadfield"]["fem"]["inner_edge_mm"],
        code=code("mesh_head"),
    script:
        "../scripts/mesh_head.py"


rule solve_transfer:
    """The FEM transfer matrix: one solve per electrode, all electrodes as one block."""
    input:
        mesh=rules.mesh_head.output.mesh,
        electrodes=rules.place_electrodes.output.electrodes,
    output:
        transfer="results/{head}/leadfield/fem-transfer.npy",
    log:
        "results/{head}/logs/solve_transfer.log",
    benchmark:
        "results/{head}/benchmarks/solve_transfer.tsv"
    conda:
        "../../envs/multisource.yaml"
    threads: 2
    resources:
        mem_mb=grows(8000 if FINE_VOXELS else 6000),
        runtime=grows(60),
    params:
        tolerance=config["leadfield"]["fem"]["tolerance"],
        conductivity=config["leadfield"]["fem"]["conductivity"],
        backend=FEM_BACKEND,
        code=code("solve_transfer", BACKENDS[FEM_BACKEND]),
    script:
        "../scripts/solve_transfer.py"


rule compute_fem:
    """Operator A: source model and transfer matrix to a Forward, with the dipoles' placement."""
    input:
        **HEAD_FILES,
        electrodes=rules.place_electrodes.output.electrodes,
        sources=rules.build_source_space.output.sources,
        mesh=rules.mesh_head.output.mesh,
        transfer=rules.solve_transfer.output.transfer,
    output:
        forward="results/{head}/leadfield/fem-fwd.fif",
        dipoles="results/{head}/leadfield/fem-dipoles.tsv",
    log:
        "results/{head}/logs/compute_fem.log",
    benchmark:
        "results/{head}/benchmarks/compute_fem.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(7000 if FINE_VOXELS else 4000),
        runtime=grows(60),
    params:
        anatomy=subpath(input.head, parent=True),
        source_model=SOURCE_MODEL,
        rings=config["leadfield"]["fem"]["rings"],
        true_places=config["leadfield"]["fem"]["true_places"],
        depth=config["leadfield"]["fem"]["depth"],
        backend=FEM_BACKEND,
        conductivity=config["leadfield"]["fem"]["conductivity"],
        code=code("compute_fem", BACKENDS[FEM_BACKEND], SOURCE_MODELS[SOURCE_MODEL]),
    script:
        "../scripts/compute_fem.py"


rule compute_bem:
    """Operator B: OpenMEEG's symmetric BEM on the three shells."""
    input:
        **HEAD_FILES,
        electrodes=rules.place_electrodes.output.electrodes,
        sources=rules.build_source_space.output.sources,
    output:
        forward="results/{head}/leadfield/bem-fwd.fif",
    log:
        "results/{head}/logs/compute_bem.log",
    benchmark:
        "results/{head}/benchmarks/compute_bem.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(5000 if config["leadfield"]["bem"]["ico"] == 4 else 3000),
        runtime=grows(60),
    params:
        anatomy=subpath(input.head, parent=True),
        settings=config["leadfield"]["bem"],
        code=code("compute_bem"),
    script:
        "../scripts/compute_bem.py"


rule compare_leadfields:
    """RDM and lnMAG of A against B for every dipole, and by depth."""
    input:
        **HEAD_FILES,
        sources=rules.build_source_space.output.sources,
        fem=rules.compute_fem.output.forward,
        bem=rules.compute_bem.output.forward,
    output:
        table="results/{head}/leadfield/comparison.csv",
        figure="results/{head}/leadfield/comparison.png",
    log:
        "results/{head}/logs/compare_leadfields.log",
    benchmark:
        "results/{head}/benchmarks/compare_leadfields.tsv"
    group:
        together("comparison")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        anatomy=subpath(input.head, parent=True),
        code=code("compare_leadfields"),
    script:
        "../scripts/compare_leadfields.py"


# The check is of the methods, not of the head: it is made where the configuration asks for it.
SPHERE = config["leadfield"]["check_on_sphere"]


rule check_on_sphere:
    """Both operators' methods and settings against the analytic sphere."""
    input:
        t1_passed(),
    output:
        table="results/{head}/leadfield/sphere.csv",
        figure="results/{head}/leadfield/sphere.png",
    log:
        "results/{head}/logs/check_on_sphere.log",
    benchmark:
        "results/{head}/benchmarks/check_on_sphere.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(
            8000 if FINE_VOXELS else 5000 if config["leadfield"]["bem"]["ico"] == 4 else 3000
        ),
        runtime=grows(30),
    params:
        fem=pick(
            config["leadfield"]["fem"],
            "backend",
            "mesh",
            "shift",
            "source_model",
            "rings",
            "true_places",
            "tolerance",
            "conductivity",
        ),
        bem=config["leadfield"]["bem"],
        voxel_mm=voxel_mm(),
        code=code("check_on_sphere", BACKENDS[FEM_BACKEND], SOURCE_MODELS[SOURCE_MODEL]),
    script:
        "../scripts/check_on_sphere.py"


rule verify_leadfields:
    """Is my leadfield right? Checks of both operators, sensitivity, and where dipoles moved."""
    input:
        **HEAD_FILES,
        sources=rules.build_source_space.output.sources,
        fem=rules.compute_fem.output.forward,
        bem=rules.compute_bem.output.forward,
        dipoles=rules.compute_fem.output.dipoles,
        comparison=rules.compare_leadfields.output.table,
        sphere=rules.check_on_sphere.output.table if SPHERE else [],
    output:
        table="results/{head}/leadfield/verification.csv",
        sensitivity="results/{head}/leadfield/sensitivity.png",
        placement="results/{head}/leadfield/placement.png",
    log:
        "results/{head}/logs/verify_leadfields.log",
    benchmark:
        "results/{head}/benchmarks/verify_leadfields.tsv"
    group:
        together("comparison")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        anatomy=subpath(input.head, parent=True),
        code=code("verify_leadfields"),
    script:
        "../scripts/verify_leadfields.py"


# What pages are made of beside the code and a template of their own.
PARTS_OF_PAGES = [
    study_file(f"src/multisource/report/{name}") for name in ("style.css", "parts.html")
]


rule judge_head:
    """Is this head fit for use? Slices, thicknesses, cover, and a verdict by stated rules."""
    input:
        **HEAD_FILES,
        template=study_file("src/multisource/report/judged.html"),
        parts=PARTS_OF_PAGES,
        electrodes=rules.place_electrodes.output.electrodes,
        table=rules.place_electrodes.output.table,
        note=rules.place_electrodes.output.note,
        electrode_picture=rules.plot_anatomy.output.electrodes,
        sources=rules.build_source_space.output.table,
        annotations=rules.parcellate_head.output.annotations,
        distances=rules.parcellate_head.output.distances,
        origin=rules.parcellate_head.output.origin,
        dipoles=rules.compute_fem.output.dipoles,
        comparison=rules.compare_leadfields.output.table,
        t1=t1_file() if PROVIDER != "freesurfer" else [],
        source=list(HEAD_INPUTS.further),
    output:
        page="results/{head}/anatomy/head.html",
        table="results/{head}/anatomy/findings.tsv",
    log:
        "results/{head}/logs/judge_head.log",
    benchmark:
        "results/{head}/benchmarks/judge_head.tsv"
    group:
        together("comparison")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        anatomy=subpath(input.head, parent=True),
        subject=subpath(input.origin, ancestor=2),
        own_subject=OWN_SUBJECT,
        code=code("judge_head"),
    script:
        "../scripts/judge_head.py"
