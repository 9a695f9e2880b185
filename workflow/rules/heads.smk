"""Several heads in one study: each is a study of its own, whose steps begin with its label.

in:  config heads, and what the studies of the heads leave in results/<head>
out: results/heads/index.html, results/heads/heads.tsv, results/heads/methods.{csv,md},
     results/heads/subjects/fsaverage, results/heads/fsaverage/{label}/{recording}/*.stc
"""

from itertools import takewhile


include: "cluster.smk"


# Steps that are of no head alone.
OF_ALL = ("gather_heads", "write_fsaverage", "bring_to_fsaverage")


def at_work():
    """Return the heads whose steps this process may need: in a job those of its steps alone.

    To read the rules of a head takes a second, and every job reads rules. Snakemake knows its job
    when it has read them, so that the job is looked for in its command.
    """
    command = sys.argv[sys.argv.index("--target-jobs") + 1 :] if "--target-jobs" in sys.argv else []
    names = [word.partition(":")[0] for word in takewhile(lambda w: w[:1] != "-", command)]
    if workflow.is_main_process or not names or any(name.endswith(OF_ALL) for name in names):
        return list(MANY)
    own = [head for head in MANY if any(step_name(head) in name for name in names)]
    return own or list(MANY)


LABELS = at_work()
for LABEL in LABELS:
    MODULE, PREFIX, CONFIG = f"{OF_MANY}{LABEL}", step_name(LABEL), MANY[LABEL]

    module:
        name: MODULE
        snakefile:
            str(REPOSITORY / "Snakefile")
        config:
            CONFIG

    use rule * from MODULE as PREFIX*


def of_each(target):
    """Return the files of a target for every head."""
    steps = [getattr(rules, f"{step_name(label)}{target}") for label in LABELS]
    return [path for step in steps for path in step.input]


# The names of the recordings and of the methods that localise them, by head.
RECORDED = {label: list(globals()[f"{OF_MANY}{label}"].RECORDINGS) for label in LABELS}
LOCALISED = {label: globals()[f"{OF_MANY}{label}"].RECORDING_METHODS for label in LABELS}


wildcard_constraints:
    label="|".join(LABELS),
    recorded="|".join({name for names in RECORDED.values() for name in names}) or "none",


def maps_of(wildcards):
    """Return the maps of a head's recording, of every method."""
    folder = f"results/{wildcards.label}/recordings/{wildcards.recorded}"
    return expand(f"{folder}/{{method}}-lh.stc", method=LOCALISED[wildcards.label])


BROUGHT = [
    f"results/heads/fsaverage/{label}/{recording}/done"
    for label in LABELS
    for recording in RECORDED[label]
]
WANTED = ["results/heads/index.html"]

# The targets of a study, each of all heads.
TARGETS = (
    "heads",
    "leadfields",
    "datasets",
    "networks",
    "estimates",
    "curves",
    "recordings",
    "tables",
    "figures",
    "frozen",
    "reproduction",
)
for TARGET in TARGETS:

    rule:
        name:
            TARGET
        input:
            of_each(TARGET),
            BROUGHT if TARGET == "recordings" else [],


rule write_fsaverage:
    """The packaged cortex as a subject beside whose maps those of all heads can be laid."""
    input:
        template=str(find_file("resources/fsaverage5-regions.npz", FOLDERS)),
    output:
        left="results/heads/subjects/fsaverage/surf/lh.sphere.reg",
        right="results/heads/subjects/fsaverage/surf/rh.sphere.reg",
    log:
        "results/heads/logs/write_fsaverage.log",
    benchmark:
        "results/heads/benchmarks/write_fsaverage.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(5),
    params:
        folder=subpath(output.left, ancestor=2),
        code=code("write_fsaverage"),
    script:
        "../scripts/write_fsaverage.py"


rule bring_to_fsaverage:
    """The maps of one recording on fsaverage, where those of several heads can be compared."""
    input:
        maps=maps_of,
        own=expand(
            "results/{{label}}/subjects/{{label}}/surf/{side}.sphere.reg",
            side=["lh", "rh"],
        ),
        template=list(rules.write_fsaverage.output),
    output:
        done=touch("results/heads/fsaverage/{label}/{recorded}/done"),
    log:
        "results/heads/logs/bring_to_fsaverage/{label}-{recorded}.log",
    benchmark:
        "results/heads/benchmarks/bring_to_fsaverage/{label}-{recorded}.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1500),
        runtime=grows(10),
    params:
        folder=subpath(output.done, parent=True),
        code=code("bring_to_fsaverage"),
    script:
        "../scripts/bring_to_fsaverage.py"


rule gather_heads:
    """One page over all heads: which are fit for use, and every method on every one."""
    input:
        reports=expand("results/{label}/report.html", label=LABELS),
        tables=expand("results/{label}/tables/heads.csv", label=LABELS),
        judged=expand("results/{label}/anatomy/findings.tsv", label=LABELS),
        brought=BROUGHT,
        parts=[
            str(find_file(f"src/multisource/report/{name}", FOLDERS))
            for name in ("template.html", "parts.html", "style.css")
        ],
    output:
        page="results/heads/index.html",
        heads="results/heads/heads.tsv",
        methods="results/heads/methods.csv",
        markdown="results/heads/methods.md",
    log:
        "results/heads/logs/gather_heads.log",
    benchmark:
        "results/heads/benchmarks/gather_heads.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(5),
    params:
        heads=LABELS,
        config=config,
        # What the steps of each head leave beside their outputs.
        records=[f"results/{label}" for label in LABELS],
        code=code("gather_heads"),
    script:
        "../scripts/gather_heads.py"
