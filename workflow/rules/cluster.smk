"""On a cluster: steps that are submitted together, needs that grow with the attempts, a GPU.

To a local run nothing of this makes a difference.
"""


# Of the steps in one submission one runs at a time: it needs no more than the largest of them.
# Every submission counts its own, and every step needs one (default-resources of the profile).
resource_scopes:
    in_a_row="local",


if workflow.exec_mode == ExecMode.REMOTE:
    workflow.register_resource("in_a_row", 1)


def on_cluster():
    """Whether steps are submitted to a cluster, or a dry run says what would be."""
    submits = workflow.resource_settings.nodes is not None
    return workflow.non_local_exec or (workflow.dryrun and submits)


def together(name):
    """Return the group of a rule: connected steps of one group are one submission."""

    def group(wildcards):
        if not on_cluster():
            return None
        workflow.global_resources.setdefault("in_a_row", 1)
        return name

    return group


def grows(value):
    """Return a need that doubles with every attempt: it may be what the last one lacked."""

    def need(wildcards, attempt):
        return (value(wildcards) if callable(value) else value) * 2 ** (attempt - 1)

    return need


def gpu_request():
    """Return how the profile lets a training ask for a GPU, and what that is to Snakemake."""
    given = workflow.resource_settings.default_resources
    pairs = dict(pair.split("=", 1) for pair in given.args) if given else {}
    ways = {"none": {}, "gpus": {"gpu": 1}, "gres": {"gres": "gpu:1"}}
    word = pairs.get("gpu_request", "")
    if word and word not in ways:
        sys.exit(f"profile: gpu_request: {word!r}; allowed: {', '.join(ways)}")
    return word, ways.get(word, {})


GPU_REQUEST, TRAINING_GPU = gpu_request()
TRAINING_MINUTES = 60 if TRAINING_GPU else 240
# The request says it for a cluster's nodes, the device's file for this machine.
HAS_GPU = bool(TRAINING_GPU) or (
    GPU_REQUEST != "none" and Path(os.devnull).with_name("nvidia0").exists()
)
if GPU_REQUEST == "none":
    # torch computes on what it sees: no step shall take a GPU of somebody else's job.
    os.environ.update(CUDA_VISIBLE_DEVICES="")
