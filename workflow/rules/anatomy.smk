"""Anatomy: a head with surfaces, five tissues and electrodes on its scalp.

in:  a head provider (config anatomy.provider), a montage and channel names
out: anatomy/surf/*, anatomy/bem/*, anatomy/mri/tissues.nii.gz, anatomy/head.json,
     anatomy/electrodes.tsv, anatomy/placement.{tsv,json}, figures/anatomy.png,
     figures/electrodes.png,
     subjects/{head}/label/*.annot, subjects/{head}/surf/*
"""


rule build_head:
    """Surfaces, tissues, fiducials and the MNI transform from the head provider."""
    input:
        source=list(HEAD_INPUTS.files),
    output:
        surfaces=expand(
            "results/{{head}}/anatomy/surf/{hemi}.{surface}",
            hemi=["lh", "rh"],
            surface=["white", "pial", "sphere"],
        ),
        shells=expand(
            "results/{{head}}/anatomy/bem/{shell}.surf",
            shell=["inner_skull", "outer_skull", "outer_skin"],
        ),
        tissues="results/{head}/anatomy/mri/tissues.nii.gz",
        head="results/{head}/anatomy/head.json",
    log:
        "results/{head}/logs/build_head.log",
    benchmark:
        "results/{head}/benchmarks/build_head.tsv"
    group:
        together("head")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(20),
    params:
        anatomy=subpath(output.head, parent=True),
        provider=PROVIDER,
        settings=HEAD_INPUTS.arguments,
        code=code("build_head", PROVIDERS[PROVIDER]),
    script:
        "../scripts/build_head.py"


# {name: file} of the head, for the rules that read it; head.json lies directly in its folder.
HEAD_FILES = dict(rules.build_head.output.items())


rule place_electrodes:
    """Electrodes of the montage or a file, laid on the head and projected onto the scalp."""
    input:
        **named_files(config["electrodes"], "montage", "channels"),
        **HEAD_FILES,
        beside=montage_files(),
    output:
        electrodes="results/{head}/anatomy/electrodes.tsv",
        table="results/{head}/anatomy/placement.tsv",
        note="results/{head}/anatomy/placement.json",
    log:
        "results/{head}/logs/place_electrodes.log",
    benchmark:
        "results/{head}/benchmarks/place_electrodes.tsv"
    group:
        together("head")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(5),
    params:
        anatomy=subpath(input.head, parent=True),
        settings=config["electrodes"],
        code=code("place_electrodes"),
    script:
        "../scripts/place_electrodes.py"


rule plot_anatomy:
    """Slices of the tissues with the surfaces; the electrodes, and how far they were moved."""
    input:
        **HEAD_FILES,
        electrodes=rules.place_electrodes.output.electrodes,
        table=rules.place_electrodes.output.table,
        note=rules.place_electrodes.output.note,
    output:
        figure="results/{head}/figures/anatomy.png",
        electrodes="results/{head}/figures/electrodes.png",
    log:
        "results/{head}/logs/plot_anatomy.log",
    benchmark:
        "results/{head}/benchmarks/plot_anatomy.tsv"
    group:
        together("head")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(5),
    params:
        anatomy=subpath(input.head, parent=True),
        code=code("plot_anatomy"),
    script:
        "../scripts/plot_anatomy.py"


# A FreeSurfer subject's own regions and surfaces are taken where it has them.
OWN_SUBJECT = HEAD_INPUTS.arguments["subject"] if PROVIDER == "freesurfer" else None


rule parcellate_head:
    """The regions of two atlases on the whole cortex, as FreeSurfer's annotations."""
    input:
        **HEAD_FILES,
        source=[*HEAD_INPUTS.files, *HEAD_INPUTS.further],
        template=study_file("resources/fsaverage5-regions.npz"),
    output:
        annotations=expand(
            "results/{{head}}/subjects/{{head}}/label/{hemi}.{atlas}.annot",
            hemi=["lh", "rh"],
            atlas=["aparc", "aparc.a2009s"],
        ),
        distances=expand(
            "results/{{head}}/subjects/{{head}}/surf/{hemi}.template_mm",
            hemi=["lh", "rh"],
        ),
        origin="results/{head}/subjects/{head}/label/origin.json",
    log:
        "results/{head}/logs/parcellate_head.log",
    benchmark:
        "results/{head}/benchmarks/parcellate_head.tsv"
    group:
        together("head")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1500),
        runtime=grows(5),
    params:
        anatomy=subpath(input.head, parent=True),
        subject=OWN_SUBJECT,
        folder=subpath(output.origin, ancestor=2),
        code=code("parcellate_head"),
    script:
        "../scripts/parcellate_head.py"


rule write_subject:
    """The head as a FreeSurfer subject, for the viewers of MNE-Python, FreeSurfer and others."""
    input:
        **HEAD_FILES,
        source=[*HEAD_INPUTS.files, *HEAD_INPUTS.further],
        annotations=rules.parcellate_head.output.annotations,
        distances=rules.parcellate_head.output.distances,
        origin=rules.parcellate_head.output.origin,
    output:
        surfaces=expand(
            "results/{{head}}/subjects/{{head}}/surf/{hemi}.{surface}",
            hemi=["lh", "rh"],
            surface=["white", "pial", "inflated", "sphere", "sphere.reg", "curv", "sulc"],
        ),
        gifti=expand(
            "results/{{head}}/subjects/{{head}}/surf/{hemi}.{surface}.surf.gii",
            hemi=["lh", "rh"],
            surface=["white", "pial", "inflated"],
        ),
        cortex=expand(
            "results/{{head}}/subjects/{{head}}/label/{hemi}.cortex.label",
            hemi=["lh", "rh"],
        ),
    log:
        "results/{head}/logs/write_subject.log",
    benchmark:
        "results/{head}/benchmarks/write_subject.tsv"
    group:
        together("head")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        anatomy=subpath(input.head, parent=True),
        subject=OWN_SUBJECT,
        folder=subpath(input.origin, ancestor=2),
        code=code("write_subject"),
    script:
        "../scripts/write_subject.py"
