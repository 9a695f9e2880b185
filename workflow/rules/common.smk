"""Shared by all stages: the checked configuration, names, and code versions."""

import os
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

from snakemake.common.configfile import load_configfile
from snakemake.io import _IOFile
from snakemake.scheduling.job_scheduler import JobScheduler
from snakemake_interface_executor_plugins.settings import ExecMode
from snakemake.utils import update_config

# This repository: not workflow.basedir, which is another's where another Snakefile uses this one.
REPOSITORY = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1]
# The package beside this workflow is the one that is used, here and in every script, also when
# a script runs in an environment of its own.
SOURCE = str(REPOSITORY / "src")
sys.path.insert(0, SOURCE)
os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, [SOURCE, os.getenv("PYTHONPATH")])))

from multisource.config.named import existing_folder
from multisource.config.recordings import recording_methods, recording_network
from multisource.config.study import (
    BASELINES,
    SPLITS_OF_NETWORKS,
    chunk_ranges,
    existing_file,
    find_file,
    has_sources,
    learning_curve,
    methods,
    operator_settings,
    operators,
    reference,
    scenarios,
    simulated,
    solver_operators,
    split_of,
    split_samples,
    variant_method,
)
from multisource.anatomy.inputs import head_inputs
from multisource.anatomy.providers import PROVIDERS
from multisource.attempts import watch_attempts
from multisource.channels.lists import channel_names
from multisource.checksums import remembered
from multisource.damage import clock_note
from multisource.damage import note as missing_note
from multisource.errors import UserError
from multisource.failures import explain, write_traceback
from multisource.groups.members import all_groups
from multisource.figures.labels import FIGURES as PAPER_FIGURES
from multisource.files import sweep
from multisource.inverse.registry import SOLVERS as SOLVER_LINES
from multisource.inverse.registry import is_linear
from multisource.inverse.registry import options as solver_options
from multisource.network.registry import NETWORKS as NETWORK_LINES
from multisource.provenance import script_version
from multisource.runs import enter, mark_run, stop_now
from multisource.recordings.bids import tables_of
from multisource.recordings.companions import companions
from multisource.recordings.entries import all_recordings
from multisource.recordings.settings import recording_settings
from multisource.simulation.registry import DISTURBANCES
from multisource.simulation.settings import settings_from
from multisource.slurm import adapt_plugin
from multisource.versions import note

if not hasattr(_IOFile.checksum, "__wrapped__"):
    _IOFile.checksum = remembered(_IOFile.checksum)

if workflow.is_main_process and shlex.quote(sys.executable) != sys.executable:
    # Snakemake starts a script's Python by its bare path.
    sys.exit(
        f"Snakemake cannot run scripts by a Python whose path has spaces or quotes, as "
        f"{sys.executable} has; set up the environment elsewhere: make run VENV=<another folder>"
    )

if workflow.modifier.is_module:
    # Another Snakefile gives the keys that differ, and Snakemake passes them without the defaults.
    given = config
    config = load_configfile(REPOSITORY / "config/config.yaml")
    update_config(config, given)

# Files named in the configuration: first the folder of the study, then this repository. Names
# stay relative where they can, so that a study may be moved without running it again.
FOLDERS = [Path("."), REPOSITORY]

# Every job parses this file, but the configuration has been checked when the first does.
if workflow.is_main_process:
    from multisource.config.check import check_config
    from multisource.yaml_files import check_files

    try:
        # As they were given, not as Snakemake has read them.
        check_files(workflow.configfiles)
        check_config(
            config,
            schema=REPOSITORY / "workflow/schemas/config.schema.yaml",
            folders=FOLDERS,
        )
    except UserError as error:
        sys.exit(str(error))
    except Exception as error:
        kept = write_traceback(".snakemake/log", error)
        sys.exit(f"config: {explain(error)}; the traceback is in {kept}: please report it")

HEAD = config["head"]
PROVIDER = config["anatomy"]["provider"]
if workflow.is_main_process:
    for told in (note, missing_note, clock_note):
        if line := told(f"results/{HEAD}"):
            logger.warning(line)
    # What killed runs have left: Snakemake's locks, and files that were being written.
    enter(".snakemake", stay=not workflow.output_settings.dryrun)
    sweep(f"results/{HEAD}")
    JobScheduler.exit_gracefully = stop_now
    watch_attempts()
    adapt_plugin()
if workflow.exec_mode != ExecMode.SUBPROCESS:
    mark_run()

try:
    HEAD_INPUTS = head_inputs(
        config["anatomy"],
        results=f"results/{HEAD}",
        find=lambda key, name: str(existing_file(key, name, FOLDERS)),
        probe=False,
    )
except UserError as error:
    sys.exit(f"config: {error}")

NETWORKS = config["network"]["networks"]
CURVE = learning_curve(config)
SOLVERS = config["inverse"]["solvers"]
METHODS = methods(config)
# A split is a set of random patches: train, validation, test, and others that the configuration
# adds. A scenario is what methods are compared on: a test split, or patches of its own with a name.
SPLITS = list(config["simulation"]["splits"])
NAMED_SCENARIOS = config["simulation"]["scenarios"]["names"]
SCENARIOS = scenarios(config)
# Operators beside A and B, computed where a split names them.
VARIANTS = config["leadfield"]["variants"]
# By name, what the configuration says of each; an entry of a BIDS data set stands for several.
try:
    RECORDINGS = {
        one.name: one
        for one in all_recordings(
            config["recordings"], lambda key, name: existing_folder(key, name, FOLDERS)
        )
    }
except UserError as error:
    sys.exit(f"config: {error}")
CHANNELS = channel_names(
    find_file(config["electrodes"]["channels"], FOLDERS)
    if isinstance(config["electrodes"]["channels"], str)
    else config["electrodes"]["channels"]
)
# Networks that are trained for recordings without some of the channels, and their channels.
OF_FEWER_CHANNELS = {
    name: kept
    for recording, entry in RECORDINGS.items()
    for network in NETWORKS
    for name, kept in [recording_network(entry.settings, network, recording, CHANNELS)]
    if name not in NETWORKS
}
if workflow.is_main_process:
    for network, kept in OF_FEWER_CHANNELS.items():
        if not Path(f"results/{HEAD}/network/{network}/weights.safetensors").exists():
            logger.warning(f"{network}: to be trained once, for recordings of {len(kept)} channels")


RECORDING_METHODS = recording_methods(config)
try:
    GROUPS = {
        one.name: one
        for one in all_groups(config["groups"], list(RECORDINGS.values()), RECORDING_METHODS)
    }
except UserError as error:
    sys.exit(f"config: {error}")


wildcard_constraints:
    head=HEAD,
    split="|".join(SPLITS),
    chunk=r"\d+",
    network="|".join([*OF_FEWER_CHANNELS, *CURVE, *NETWORKS]),
    solver="|".join(SOLVERS),
    baseline="|".join(BASELINES),
    method="|".join([*CURVE, *METHODS]),
    recording="|".join(RECORDINGS) or "none",
    group="|".join(GROUPS) or "none",
    variant="|".join(VARIANTS) or "none",


def code(rule, *modules):
    """Return the code version of a rule: of its script and all it imports from the package.

    What a script loads by a name of the configuration is named here: the registry's entry.
    """
    return script_version(REPOSITORY / f"workflow/scripts/{rule}.py", *modules)


def t1_file():
    """Return the T1 that the head is made from, if any."""
    return HEAD_INPUTS.t1 or []


def t1_passed():
    """Return the mark of a T1 that was found good; what needs no head waits for it too."""
    return ancient(f"results/{HEAD}/anatomy/mri/t1-checked") if t1_file() else []


def voxel_mm():
    """Return the edge of the head's tissue voxels; 2 mm for a provider without that option."""
    return {"voxel_mm": 2, **PROVIDERS.options(PROVIDER), **HEAD_INPUTS.arguments}["voxel_mm"]


def recording():
    """Return the files of the user's recording that the AR models are fitted to, if there is one."""
    name = config["simulation"]["recording"]
    return list(map(str, companions(study_file(name)))) if name else []


def recording_entry(name):
    """Return what the configuration says of one of the user's recordings."""
    return RECORDINGS[name].settings


def recording_files(name):
    """Return the file of one of the user's recordings, then those that belong to it."""
    file, root = study_file(recording_entry(name)["file"]), recording_entry(name).get("bids")
    tables = tables_of(file, root) if root else []
    return list(map(str, [*companions(file), *tables]))


def of_events(group):
    """Whether all recordings of a group have events, so that there is a time before them."""
    return all(recording_entry(name).get("events") is not None for name in group.recordings)


def group_files():
    """Return a file of every group of recordings."""
    return expand(f"results/{HEAD}/groups/{{group}}/clusters.tsv", group=GROUPS)


def viewer_files():
    """Return a file of every step that writes for other programs, if there are recordings."""
    overlays = expand(
        f"results/{HEAD}/recordings/{{recording}}/{RECORDING_METHODS[0]}-lh.func.gii",
        recording=RECORDINGS,
    )
    rest = [f"results/{HEAD}/subjects/{HEAD}/surf/lh.inflated"]
    rest += [f"results/{HEAD}/recordings/summary.tsv"]
    return [*overlays, *rest] if RECORDINGS else []


def bad_channels_file(name):
    """Return the table of bad channels of one of the user's recordings, if it names one."""
    table = recording_settings(recording_entry(name)).table
    return study_file(table) if table else []


def ar_models():
    """Return the AR models of the sources: fitted to the user's recording, or a table."""
    if recording():
        return f"results/{HEAD}/simulation/ar-models.yaml"
    return study_file(config["simulation"]["ar_models"])


def solver_kind(wildcards):
    """Return the name of a solver in the registry."""
    return config["inverse"]["settings"][wildcards.solver]["kind"]


def solver_line(wildcards):
    """Return the registry's line of a solver."""
    return SOLVER_LINES[solver_kind(wildcards)]


def solver_kernel(wildcards):
    """Return the kernel of a solver; a solver that depends on the data has none."""
    linear = is_linear(solver_kind(wildcards))
    return f"results/{HEAD}/inverse/{wildcards.solver}.nc" if linear else []


def solver_forward(wildcards):
    """Return the operators of a solver, where applying it needs more than its kernel."""
    needed = config["inverse"]["smooth"] or not is_linear(solver_kind(wildcards))
    given = dict.fromkeys(solver_operators(config, wildcards.solver).values())
    return [f"results/{HEAD}/leadfield/{name}-fwd.fif" for name in given] if needed else []


def solver_settings(wildcards):
    """Return what applying a solver needs to know; of one with a kernel, the kernel knows all."""
    if solver_kernel(wildcards):
        return {}
    settings = config["inverse"]["settings"][wildcards.solver]
    if "windows" in solver_options(solver_kind(wildcards)):
        settings = settings | {"windows": None}
    asked = "snr" in SOLVER_LINES.offered(solver_kind(wildcards))
    return (pick(config["inverse"], "snr") if asked else {}) | settings


def solver_windows(wildcards):
    """Return how many windows of each scenario a solver is given, None for all."""
    options = solver_options(solver_kind(wildcards))
    given = (options | config["inverse"]["settings"][wildcards.solver]).get("windows")
    by_name = given if isinstance(given, dict) else {"others": given}
    named = {name: by_name.get(name, by_name.get("others")) for name in SCENARIOS}
    return named | {name: by_name.get("recordings") for name in RECORDINGS}


def recording_network_files(wildcards):
    """Return weights, settings and certainty of the network for a recording's channels."""
    entry = recording_entry(wildcards.recording)
    name, _ = recording_network(entry, wildcards.network, wildcards.recording, CHANNELS)
    names = {"weights": "weights.safetensors", "settings": "settings.json"}
    names["certainty"] = "certainty.json"
    return {key: f"results/{HEAD}/network/{name}/{file}" for key, file in names.items()}


def solver_study(wildcards, value):
    """Return a value for a solver that asks how the study's sources behave, else nothing."""
    return value if "study" in SOLVER_LINES.offered(solver_kind(wildcards)) else []


def against(wildcards):
    """Return the recording that another is compared with, if it is: a list of one or none."""
    other = recording_entry(wildcards.recording).get("against")
    return [] if other is None else [other]


def contrasted(wildcards):
    """Return windows and background of the recording that another is compared with."""
    folders = [f"results/{HEAD}/recordings/{other}" for other in against(wildcards)]
    return [f"{folder}/{name}.nc" for folder in folders for name in ("windows", "ordinary")]


def cut_settings(name):
    """Return the settings that make windows of a recording."""
    # Not the moments that are told of: a window is the same whether it is looked at or not.
    own = recording_entry(name).items()
    return {key: value for key, value in own if key not in ("moments_s", "against")}


def recording_solver(wildcards):
    """Return how a solver is applied to a recording."""
    # A kernel is built with the noise of the recording, from its settings.
    own = solver_settings(wildcards) or config["inverse"]["settings"][wildcards.solver]
    return pick(config["inverse"], "snr", "smooth") | {"settings": own}


def solver_record(name):
    """Return what applying a solver to a recording needs to know, for Python users."""
    given = SimpleNamespace(solver=name)
    models = {"simulation": simulated(config), "seed": config["seed"], "ar_models": ar_models()}
    return {
        "forward": solver_operators(config, name)["test"],
        "solver": recording_solver(given),
        "study": solver_study(given, models) or None,
    }


def operator_files(split):
    """Return the leadfields that a split, or the scenarios, are seen through."""
    return [f"results/{HEAD}/leadfield/{name}-fwd.fif" for name in operators(config, split)]


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


def disturbance_lines(split):
    """Return the registry's lines of the disturbances of a split, or of the scenarios."""
    return [DISTURBANCES[name] for name in settings_from(simulated(config, split)).events]


def network_name(wildcards):
    """Return the name of a network's settings, which those of its kind share.

    They are points of the learning curve, and networks of fewer channels.
    """
    return wildcards.network.partition("-")[0]


def network_settings(wildcards):
    """Return the settings of a network, but for the splits that it learns from."""
    settings = config["network"]["settings"][network_name(wildcards)]
    return {key: value for key, value in settings.items() if key not in SPLITS_OF_NETWORKS}


def training_split(wildcards):
    """Return the split that a network learns from."""
    return split_of(config, network_name(wildcards), "train")


def validation_split(wildcards):
    """Return the split that steers a network's training."""
    return split_of(config, network_name(wildcards), "validation")


def network_line(wildcards):
    """Return the registry's line of a network."""
    return NETWORK_LINES[network_settings(wildcards)["architecture"]]


def is_fresh(wildcards):
    """Whether a network simulates its training samples itself, new ones in every epoch."""
    return network_settings(wildcards).get("fresh", False)


def learning_curve_samples():
    """Return {network: training samples} of all points of the learning curve."""
    network = config["network"]["learning_curve"]["network"]
    split = split_of(config, network, "train")
    return {network: config["simulation"]["splits"][split]["samples"]} | CURVE


def training_samples(wildcards):
    """Return how many samples a network learns from."""
    whole = config["simulation"]["splits"][training_split(wildcards)]["samples"]
    return CURVE.get(wildcards.network, whole)


def figure_methods(classical):
    """Return the network and the classical solver that a figure compares."""
    return [NETWORKS[0], classical if classical in SOLVERS else SOLVERS[0]]


def figure_files(pattern, figures):
    """Return the files of every scenario and method of the figures that show scenarios."""
    return [
        path
        for shown in figures.values()
        for path in expand(
            pattern, scenario=shown["scenario"], method=shown["methods"], allow_missing=True
        )
    ]


def pick(section, *keys):
    """Return only these keys of a section of the configuration."""
    return {key: section[key] for key in keys}


def study_file(name):
    """Return the path of a file that the configuration names."""
    return str(find_file(name, FOLDERS))


def named_files(section, *keys):
    """Return {key: path} of the values that name a file, to be tracked as inputs."""
    found = {k: find_file(section[k], FOLDERS) for k in keys if isinstance(section[k], str)}
    return {key: str(path) for key, path in found.items() if path}


def montage_files():
    """Return what belongs to a file of electrode positions: its coordsystem.json, its other parts."""
    from multisource.montage.files import files_beside

    file = find_file(config["electrodes"]["montage"], FOLDERS)
    return [str(path) for path in files_beside(file)] if file else []


def scenario_files(pattern, **names):
    """Return the file of every scenario (and name): ``pattern`` holds {scenario}."""
    return expand(pattern, scenario=SCENARIOS, allow_missing=True, **names)


def scenario_chunks():
    """Return the chunk files of all scenarios; the folder of each is its scenario's name."""
    return [path for scenario in SCENARIOS for path in chunks(scenario)]


def chunks(split, samples=None):
    """Return the chunk files of a split, or of its first samples; a named scenario has one."""
    if split in NAMED_SCENARIOS:
        return [f"results/{HEAD}/simulation/{split}/chunk-0.nc"]
    ranges = split_ranges(split)
    if samples is not None:
        ranges = [(start, stop) for start, stop in ranges if start < samples]
    return [f"results/{HEAD}/simulation/{split}/chunk-{i}.nc" for i in range(len(ranges))]


def split_ranges(split):
    """Return the (first, last + 1) sample indices of every chunk of a split."""
    size = config["simulation"]["splits"][split]["chunk_size"]
    return chunk_ranges(split_samples(config, split), size)


def chunk_range(wildcards):
    """Return the first and last + 1 sample index of a chunk."""
    return split_ranges(wildcards.split)[int(wildcards.chunk)]
