"""Your own head: from a T1 to what the head providers samseg and freesurfer read.

in:  a T1 (config anatomy.samseg.t1 or anatomy.freesurfer.t1)
out: anatomy/mri/samseg.nii.gz (labels of the whole head), or freesurfer/subject
"""


rule check_t1:
    """Refuse a bad T1 before anything is installed or computed."""
    input:
        t1=t1_file(),
    output:
        passed=touch("results/{head}/anatomy/mri/t1-checked"),
    log:
        "results/{head}/logs/check_t1.log",
    benchmark:
        "results/{head}/benchmarks/check_t1.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(5),
    # No params: a T1 that has passed is checked again when it is another, not when the code is. All
    # that follows waits for the mark and is made again with it; no ancient file may stand between,
    # since Snakemake does not look at the steps behind it, not even for files that are missing.
    script:
        "../scripts/check_t1.py"


# One environment for all heads of this folder; no label of a head begins with a point. Its pins are
# no input: others segment nothing again.
SAMSEG_FOLDER = "results/.samseg"


rule install_samseg:
    """SAMSEG's own environment (it needs numpy 1 and Python 3.11), once for all heads."""
    input:
        passed="results/{head}/anatomy/mri/t1-checked",
    output:
        packages="results/{head}/anatomy/mri/samseg-packages.txt",
    log:
        "results/{head}/logs/install_samseg.log",
    benchmark:
        "results/{head}/benchmarks/install_samseg.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(20),
    params:
        install=study_file("envs/samseg.sh"),
        folder=SAMSEG_FOLDER,
    shell:
        "bash {params.install:q} {params.folder:q} {output.packages:q} > {log:q} 2>&1"


rule segment_t1:
    """Labels of the whole head by SAMSEG."""
    input:
        t1=t1_file(),
        packages=rules.install_samseg.output.packages,
    output:
        labels="results/{head}/anatomy/mri/samseg.nii.gz",
    log:
        "results/{head}/logs/segment_t1.log",
    benchmark:
        "results/{head}/benchmarks/segment_t1.tsv"
    conda:
        "../../envs/multisource.yaml"
    threads: 2
    resources:
        mem_mb=grows(6500),
        runtime=grows(120),
    params:
        python=f"{SAMSEG_FOLDER}/bin/python",
        code=code("segment_t1"),
    script:
        "../scripts/segment_t1.py"


rule reconstruct_t1:
    """recon-all and the watershed shells, by the FreeSurfer of this machine."""
    input:
        t1=t1_file(),
        passed=t1_passed(),
    output:
        done=touch("results/{head}/freesurfer/done"),
    log:
        "results/{head}/logs/reconstruct_t1.log",
    benchmark:
        "results/{head}/benchmarks/reconstruct_t1.tsv"
    conda:
        "../../envs/multisource.yaml"
    threads: 2
    resources:
        mem_mb=grows(6000),
        runtime=grows(1440),
    params:
        subject=lambda wildcards: f"results/{wildcards.head}/freesurfer/subject",
        code=code("reconstruct_t1"),
    script:
        "../scripts/reconstruct_t1.py"
