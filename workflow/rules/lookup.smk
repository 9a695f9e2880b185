"""What rules ask of the configuration, by recording, solver, operator or network."""


def t1_file():
    """Return the T1 that the head is made from, if any."""
    return HEAD_INPUTS.t1 or []


def t1_passed():
    """Return the mark of a T1 that was found good; what needs no head waits for it too."""
    return f"results/{HEAD}/anatomy/mri/t1-checked" if t1_file() else []


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


def solver_lines(wildcards):
    """Return the registry's lines of a solver and of those that it averages."""
    averaged = told_settings(wildcards).get("of", [])
    return [solver_line(wildcards), *(SOLVER_LINES[one["kind"]] for one in averaged)]


def solver_kernel(wildcards):
    """Return the kernels of a solver: one, or one for each operator; some solvers have none."""
    if not is_linear(solver_kind(wildcards)) or has_measured_noise(config, wildcards.solver):
        return []
    if not is_own(config, wildcards.solver):
        return f"results/{HEAD}/inverse/{wildcards.solver}.nc"
    given = dict.fromkeys(solver_operators(config, wildcards.solver).values())
    return [f"results/{HEAD}/inverse/{wildcards.solver}-{name}.nc" for name in given]


def kernel_forward(wildcards):
    """Return the operator that a solver's kernel is built on: its only one."""
    (name,) = dict.fromkeys(solver_operators(config, wildcards.solver).values())
    return f"results/{HEAD}/leadfield/{name}-fwd.fif"


def told_settings(wildcards):
    """Return a solver's kind and options, as its function takes them."""
    return call_settings(config, wildcards.solver)


def solver_forward(wildcards):
    """Return the operators of a solver, where applying it needs more than its kernel."""
    needed = config["inverse"]["smooth"] or not solver_kernel(wildcards)
    given = dict.fromkeys(solver_operators(config, wildcards.solver).values())
    return [f"results/{HEAD}/leadfield/{name}-fwd.fif" for name in given] if needed else []


def made_by_operators(wildcards, scenarios):
    """Return {scenario: operator that made it} for a solver that is told the noise."""
    if not has_measured_noise(config, wildcards.solver):
        return {}
    return {name: scenario_operators(config, name)[0] for name in scenarios}


def measured_noise_files(wildcards, scenarios):
    """Return what the noise is computed from, by the names of a rule's inputs."""
    names = dict.fromkeys(made_by_operators(wildcards, scenarios).values())
    if not names:
        return {}
    return {
        "made_by": [f"results/{HEAD}/leadfield/{name}-fwd.fif" for name in names],
        "electrodes": f"results/{HEAD}/anatomy/electrodes.tsv",
    }


def course_forwards(wildcards):
    """Return the operators that the time courses of a method's sources are fitted with."""
    given = dict.fromkeys(course_operators(config, wildcards.method).values())
    return [f"results/{HEAD}/leadfield/{name}-fwd.fif" for name in given]


def solver_settings(wildcards):
    """Return what applying a solver needs to know; of one with a kernel, the kernel knows all."""
    if solver_kernel(wildcards):
        return {}
    asked = "snr" in SOLVER_LINES.offered(solver_kind(wildcards))
    given = pick(config["inverse"], "snr") if asked else {}
    return given | told_settings(wildcards)


def proposed_maps(wildcards):
    """Return the maps of the network that a solver starts from, if it does, scenario by scenario."""
    network = proposing_network(config, wildcards.solver)
    return scored_files("results/{head}/estimates/{scenario}/%s.nc" % network) if network else []


def proposing_files(wildcards):
    """Return the files of that network, for a recording's channels."""
    network = proposing_network(config, wildcards.solver)
    if not network:
        return {}
    asked = SimpleNamespace(recording=wildcards.recording, network=network)
    return recording_network_files(asked)


def solver_choice(wildcards):
    """Return the options that were chosen on validation windows, of a solver that has a grid."""
    tuned = is_tuned(config, wildcards.solver)
    return f"results/{HEAD}/inverse/{wildcards.solver}-choice.json" if tuned else []


def data_solver_choice(wildcards):
    """Return the same for what applies a solver: a kernel has been built with its choice."""
    return [] if solver_kernel(wildcards) else solver_choice(wildcards)


def windows_given(solver):
    """Return {scenario, ``recordings`` or ``others``: how many windows a solver is given}."""
    settings = config["inverse"]["settings"][solver]
    given = (solver_options(settings["kind"]) | settings).get("windows")
    return given if isinstance(given, dict) else {"others": given}


def solver_windows(wildcards):
    """Return how many windows of each scenario a solver is given, None for all."""
    given = windows_given(wildcards.solver)
    return {name: given.get(name, given.get("others")) for name in SCORED}


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
    own = solver_settings(wildcards) or told_settings(wildcards)
    return pick(config["inverse"], "snr", "smooth") | {"settings": own}


def solver_record(name):
    """Return what applying a solver to a recording needs to know, for Python users."""
    given = SimpleNamespace(solver=name)
    models = {"simulation": simulated(config), "seed": config["seed"], "ar_models": ar_models()}
    return {
        "forward": solver_operators(config, name)["test"],
        "solver": recording_solver(given),
        "study": solver_study(given, models) or None,
        "proposal": proposing_network(config, name),
    }


def operator_files(split):
    """Return the leadfields that a split, or the scenarios, are seen through."""
    return [f"results/{HEAD}/leadfield/{name}-fwd.fif" for name in operators(config, split)]


def variants_of(method):
    """Return the pattern of the variants that a method computes here."""
    computed = [name for name in VARIANTS if name not in BORROWED]
    return "|".join(name for name in computed if variant_method(config, name) == method) or "none"


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


def of_another_head(kind):
    """Return a function of the wildcards: files of the head that a variant is borrowed from."""
    return lambda wildcards: list(map(str, BORROWED[wildcards.variant][kind]))


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


def first_weights(wildcards):
    """Return the file of weights that a network begins with, if there is one."""
    name = network_settings(wildcards).get("start")
    return study_file(name) if name else []


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


def curve_setting(wildcards):
    """Return what changes in a curve."""
    return CURVES[wildcards.curve]["setting"]


def curve_channels(wildcards):
    """Return the channels that the methods of a curve's point are given; nothing for all."""
    return point_channels(config, wildcards.curve, int(wildcards.point), CHANNELS)


def point_operators(wildcards):
    """Return the leadfields that the windows of a curve's point are seen through."""
    simulation = point_simulation(config, wildcards.curve, int(wildcards.point))
    return [f"results/{HEAD}/leadfield/{name}-fwd.fif" for name in operators_in(simulation)]


def curve_networks(wildcards):
    """Return the networks of a curve."""
    return [name for name in curve_methods(config, wildcards.curve) if name in NETWORKS]


def point_networks(wildcards):
    """Return the networks of a curve's point: others where it has other channels."""
    kept = curve_channels(wildcards)
    suffix = kept and subset_name(kept, CHANNELS)
    return [f"{name}-{suffix}" if suffix else name for name in curve_networks(wildcards)]


def curve_solvers(wildcards):
    """Return for each solver of a curve's point what applying it needs."""
    split, fewer = curve_split(config, wildcards.curve), curve_channels(wildcards)
    found = {}
    for name in curve_methods(config, wildcards.curve):
        if name in SOLVERS:
            given = SimpleNamespace(solver=name)
            operator = solver_operators(config, name)[split]
            kernels = solver_kernel(given)
            if isinstance(kernels, list):
                kernels = [path for path in kernels if path.endswith(f"-{operator}.nc")]
            else:
                kernels = [kernels]
            # A kernel is of all channels.
            kernels = [] if fewer else kernels
            forward = f"results/{HEAD}/leadfield/{operator}-fwd.fif"
            told = pick(config["inverse"], "snr") | told_settings(given) if fewer else None
            found[name] = {
                "kernel": kernels[0] if kernels else None,
                "forward": forward if fewer or solver_forward(given) else None,
                "windows": solver_windows(given)[split],
                "smooth": config["inverse"]["smooth"],
                "settings": told or solver_settings(given),
                "channels": fewer,
                "measured": has_measured_noise(config, name),
                "proposal": proposing_network(config, name),
            }
    return found


def curve_solver_files(wildcards):
    """Return the files of the solvers of a curve's point."""
    given = curve_solvers(wildcards).values()
    return [one[key] for one in given for key in ("kernel", "forward") if one[key]]
