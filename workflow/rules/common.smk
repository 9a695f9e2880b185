"""Shared by all stages: the checked configuration, names, and code versions."""

import shlex
from types import SimpleNamespace

from snakemake.io import _IOFile
from snakemake.scheduling.job_scheduler import JobScheduler

from multisource.config.another_head import files_of_head
from multisource.config.curves import (
    DEPTH,
    curve_methods,
    curve_split,
    point_channels,
    point_simulation,
)
from multisource.config.operators import (
    OPERATORS,
    course_operators,
    given_operators,
    is_borrowed,
    is_own,
    operator_settings,
    operators,
    operators_in,
    scenario_operators,
    solver_operators,
    variant_method,
)
from multisource.config.recordings import recording_methods, recording_network
from multisource.config.solvers import (
    call_settings,
    has_measured_noise,
    is_told,
    is_tuned,
    proposing_network,
)
from multisource.config.study import (
    BASELINES,
    SPLITS_OF_NETWORKS,
    chunk_ranges,
    existing_file,
    find_file,
    has_sources,
    learning_curve,
    methods,
    reference,
    scenarios,
    scored,
    simulated,
    split_of,
    split_samples,
    stated_words,
)
from multisource.anatomy.inputs import head_inputs
from multisource.anatomy.providers import PROVIDERS
from multisource.attempts import watch_attempts
from multisource.channels.lists import channel_names
from multisource.channels.subset import subset_name
from multisource.checksums import remembered
from multisource.damage import clock_note
from multisource.damage import note as missing_note
from multisource.failures import explain, write_traceback
from multisource.groups.members import all_groups
from multisource.figures.labels import FIGURES as PAPER_FIGURES
from multisource.files import sweep
from multisource.inverse.registry import SOLVERS as SOLVER_LINES
from multisource.inverse.registry import is_linear
from multisource.inverse.registry import options as solver_options
from multisource.inverse.registry import tells
from multisource.network.registry import NETWORKS as NETWORK_LINES
from multisource.runs import enter, mark_run, stop_now
from multisource.recordings.bids import tables_of
from multisource.recordings.companions import companions
from multisource.recordings.entries import all_recordings
from multisource.recordings.settings import recording_settings
from multisource.simulation.registry import DISTURBANCES
from multisource.simulation.settings import settings_from
from multisource.slurm import adapt_plugin
from multisource.submissions.card import CARD, known_operators, read_card
from multisource.versions import note

if not hasattr(_IOFile.checksum, "__wrapped__"):
    _IOFile.checksum = remembered(_IOFile.checksum)

if workflow.is_main_process and shlex.quote(sys.executable) != sys.executable:
    # Snakemake starts a script's Python by its bare path.
    sys.exit(
        f"Snakemake cannot run scripts by a Python whose path has spaces or quotes, as "
        f"{sys.executable} has; set up the environment elsewhere: make run VENV=<another folder>"
    )

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
        sys.exit(of_this_head(str(error)))
    except Exception as error:
        kept = write_traceback(".snakemake/log", error)
        sys.exit(
            of_this_head(f"config: {explain(error)}; the traceback is in {kept}: please report it")
        )

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
    sys.exit(of_this_head(f"config: {error}"))

NETWORKS = config["network"]["networks"]
CURVE = learning_curve(config)
SOLVERS = config["inverse"]["solvers"]
TUNED = [name for name in SOLVERS if is_tuned(config, name)]
METHODS = methods(config)
# A split is a set of random patches: train, validation, test, and others that the configuration
# adds. A scenario is what methods are compared on: a test split, or patches of its own with a name.
SPLITS = list(config["simulation"]["splits"])
NAMED_SCENARIOS = config["simulation"]["scenarios"]["names"]
SCENARIOS = scenarios(config)
# These and the validation split, on which every method's thresholds are chosen.
SCORED = scored(config)
CURVES = config["evaluation"]["curves"]
# Estimates that were made elsewhere: name -> folder, and who made them.
try:
    SUBMISSIONS = {
        name: str(existing_folder(f"evaluation.submissions.{name}", folder, FOLDERS))
        for name, folder in config["evaluation"]["submissions"].items()
    }
    CARDS = {name: read_card(folder) for name, folder in SUBMISSIONS.items()}
except UserError as error:
    sys.exit(of_this_head(f"config: {error}"))
# Operators beside A and B, computed where a split names them; some are other heads', by their files.
VARIANTS = config["leadfield"]["variants"]
try:
    BORROWED = {
        name: files_of_head(config, name, FOLDERS) for name in VARIANTS if is_borrowed(config, name)
    }
except UserError as error:
    sys.exit(of_this_head(f"config: {error}"))
# By name, what the configuration says of each; an entry of a BIDS data set stands for several.
try:
    RECORDINGS = {
        one.name: one
        for one in all_recordings(
            config["recordings"], lambda key, name: existing_folder(key, name, FOLDERS)
        )
    }
except UserError as error:
    sys.exit(of_this_head(f"config: {error}"))
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
# The same for curves of channels.
for curve, entry in config["evaluation"]["curves"].items():
    for point in range(len(entry["values"])):
        kept = point_channels(config, curve, point, CHANNELS)
        subset = kept and subset_name(kept, CHANNELS)
        if subset:
            shown = [name for name in curve_methods(config, curve) if name in NETWORKS]
            OF_FEWER_CHANNELS |= {f"{network}-{subset}": kept for network in shown}
if workflow.is_main_process:
    for network, kept in OF_FEWER_CHANNELS.items():
        if not Path(f"results/{HEAD}/network/{network}/weights.safetensors").exists():
            logger.warning(f"{network}: to be trained once, for {len(kept)} channels")


RECORDING_METHODS = recording_methods(config)
try:
    GROUPS = {
        one.name: one
        for one in all_groups(config["groups"], list(RECORDINGS.values()), RECORDING_METHODS)
    }
except UserError as error:
    sys.exit(of_this_head(f"config: {error}"))


wildcard_constraints:
    head=HEAD,
    split="|".join(SPLITS),
    chunk=r"\d+",
    network="|".join([*OF_FEWER_CHANNELS, *CURVE, *NETWORKS]),
    solver="|".join(SOLVERS),
    baseline="|".join(BASELINES),
    submission="|".join(SUBMISSIONS) or "none",
    curve="|".join(config["evaluation"]["curves"]) or "none",
    point=r"\d+",
    method="|".join([*CURVE, *METHODS]),
    recording="|".join(RECORDINGS) or "none",
    group="|".join(GROUPS) or "none",
    variant="|".join(VARIANTS) or "none",


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


def scored_files(pattern):
    """Return the file of every scenario and of the validation split."""
    return expand(pattern, scenario=SCORED, allow_missing=True)


def scored_chunks():
    """Return the chunk files of all that is scored; the folder of each is its scenario's name."""
    return [path for scenario in SCORED for path in chunks(scenario)]


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
