"""Recordings of your own: every network and solver applied to them (config recordings).

in:  an EEG file each, network/{network}/*, inverse/{solver}.nc, leadfield/sources-src.fif
out: recordings/{recording}/{windows,ordinary}.nc, recordings/{recording}/steps.tsv,
     recordings/{recording}/{method}.nc, recordings/{recording}/{method}-{lh,rh}.stc,
     recordings/{recording}/{peaks,sources,parcels}.tsv,
     recordings/{recording}/{method}-{lh,rh}.{func.gii,mgz},
     figures/recording-{recording}.png, brains/recording-{recording}.html,
     recordings/summary.tsv, study.json,
     groups/{group}/{mean,t,clusters}-{lh,rh}.stc, groups/{group}/{clusters.tsv,test.txt},
     figures/group-{group}.png
"""


rule describe_study:
    """What multisource.Study has to know to localise EEG in memory as the workflow does."""
    input:
        **named_files(config["electrodes"], "channels"),
        regions=rules.name_dipoles.output.regions,
        choices=[
            f"results/{HEAD}/inverse/{name}-choice.json"
            for name in TUNED
            if name in RECORDING_METHODS
        ],
    output:
        record="results/{head}/study.json",
    log:
        "results/{head}/logs/describe_study.log",
    benchmark:
        "results/{head}/benchmarks/describe_study.tsv"
    group:
        together("report")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(5),
    params:
        electrodes=pick(config["electrodes"], "channels"),
        record={
            **pick(config["simulation"], "sfreq", "window_s"),
            "networks": NETWORKS,
            "seed": config["seed"],
            "solvers": {name: solver_record(name) for name in RECORDING_METHODS[len(NETWORKS) :]},
        },
        code=code("describe_study"),
    script:
        "../scripts/describe_study.py"


rule cut_recording:
    """The study's channels at its rate, cut into windows; what is wrong with a file shows here."""
    input:
        **named_files(config["electrodes"], "channels"),
        recording=lambda wildcards: recording_files(wildcards.recording),
        bad_channels=lambda wildcards: bad_channels_file(wildcards.recording),
        # Of two averages the difference is cut.
        other=lambda wildcards: [f for r in against(wildcards) for f in recording_files(r)],
        other_bad_channels=lambda wildcards: [
            bad_channels_file(r) for r in against(wildcards) if bad_channels_file(r)
        ],
        # Where a channel is interpolated; else a recording is read before there is a head.
        electrodes=lambda wildcards: (
            rules.place_electrodes.output.electrodes
            if any(
                recording_settings(recording_entry(one)).needs_electrodes
                for one in (wildcards.recording, *against(wildcards))
            )
            else []
        ),
    output:
        windows="results/{head}/recordings/{recording}/windows.nc",
        ordinary="results/{head}/recordings/{recording}/ordinary.nc",
        steps="results/{head}/recordings/{recording}/steps.tsv",
    log:
        "results/{head}/logs/cut_recording/{recording}.log",
    benchmark:
        "results/{head}/benchmarks/cut_recording/{recording}.tsv"
    # A bad file is refused before the head is made.
    priority: 2
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(20),
    params:
        **pick(config["simulation"], "sfreq", "window_s"),
        settings=lambda wildcards: cut_settings(wildcards.recording),
        against=lambda wildcards: {one: cut_settings(one) for one in against(wildcards)},
        electrodes=pick(config["electrodes"], "channels"),
        seed=config["seed"],
        code=code("cut_recording"),
    script:
        "../scripts/cut_recording.py"


rule solve_recording:
    """One solver's map of every window, with the noise covariance of this recording."""
    input:
        unpack(proposing_files),
        forward=lambda wildcards: f"results/{HEAD}/leadfield/"
        f"{solver_operators(config, wildcards.solver)['test']}-fwd.fif",
        choice=solver_choice,
        ar_models=lambda wildcards: solver_study(wildcards, ar_models()),
        sources=lambda wildcards: solver_study(wildcards, rules.build_source_space.output.table),
        windows=rules.cut_recording.output.windows,
        ordinary=rules.cut_recording.output.ordinary,
        against=contrasted,
    output:
        estimates="results/{head}/recordings/{recording}/{solver}.nc",
    log:
        "results/{head}/logs/solve_recording/{recording}-{solver}.log",
    benchmark:
        "results/{head}/benchmarks/solve_recording/{recording}-{solver}.tsv"
    group:
        together("recording")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(3000),
        runtime=grows(lambda wildcards: 10 if is_linear(solver_kind(wildcards)) else 60),
    params:
        solver=recording_solver,
        windows=lambda wildcards: windows_given(wildcards.solver).get("recordings"),
        study=lambda wildcards: solver_study(
            wildcards, {"simulation": simulated(config), "seed": config["seed"]}
        ),
        code=lambda wildcards: code("solve_recording", *solver_lines(wildcards)),
    script:
        "../scripts/solve_recording.py"


rule predict_recording:
    """A network's map of every window, whitened by what is ordinary in this recording."""
    input:
        unpack(recording_network_files),
        sources=rules.build_source_space.output.table,
        windows=rules.cut_recording.output.windows,
        ordinary=rules.cut_recording.output.ordinary,
        against=contrasted,
    output:
        estimates="results/{head}/recordings/{recording}/{network}.nc",
    log:
        "results/{head}/logs/predict_recording/{recording}-{network}.log",
    benchmark:
        "results/{head}/benchmarks/predict_recording/{recording}-{network}.tsv"
    wildcard_constraints:
        network="|".join(NETWORKS),
    group:
        together("recording")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(3000),
        runtime=grows(5),
    params:
        code=lambda wildcards: code("predict_recording", network_line(wildcards)),
    script:
        "../scripts/predict_recording.py"


rule summarise_recording:
    """Source estimates that MNE reads, the strongest activity, and the sources that are named."""
    input:
        **HEAD_FILES,
        forward="results/{head}/leadfield/bem-fwd.fif",
        sources=rules.build_source_space.output.sources,
        regions=rules.name_dipoles.output.regions,
        windows=rules.cut_recording.output.windows,
        estimates=expand(
            "results/{{head}}/recordings/{{recording}}/{method}.nc",
            method=RECORDING_METHODS,
        ),
    output:
        left=expand(
            "results/{{head}}/recordings/{{recording}}/{method}-lh.stc",
            method=RECORDING_METHODS,
        ),
        right=expand(
            "results/{{head}}/recordings/{{recording}}/{method}-rh.stc",
            method=RECORDING_METHODS,
        ),
        peaks="results/{head}/recordings/{recording}/peaks.tsv",
        named="results/{head}/recordings/{recording}/sources.tsv",
        parcels="results/{head}/recordings/{recording}/parcels.tsv",
    log:
        "results/{head}/logs/summarise_recording/{recording}.log",
    benchmark:
        "results/{head}/benchmarks/summarise_recording/{recording}.tsv"
    group:
        together("recording")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(6000),
        runtime=grows(10),
    params:
        anatomy=subpath(input.head, parent=True),
        methods=RECORDING_METHODS,
        moments=lambda wildcards: recording_entry(wildcards.recording).get("moments_s"),
        code=code("summarise_recording"),
    script:
        "../scripts/summarise_recording.py"


rule compare_recordings:
    """All recordings in one table: what each method says of each."""
    input:
        peaks=expand("results/{{head}}/recordings/{recording}/peaks.tsv", recording=RECORDINGS),
        named=expand("results/{{head}}/recordings/{recording}/sources.tsv", recording=RECORDINGS),
    output:
        summary="results/{head}/recordings/summary.tsv",
    log:
        "results/{head}/logs/compare_recordings.log",
    benchmark:
        "results/{head}/benchmarks/compare_recordings.tsv"
    group:
        together("report")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(5),
    params:
        recordings=list(RECORDINGS),
        code=code("compare_recordings"),
    script:
        "../scripts/compare_recordings.py"


rule export_recording:
    """The maps of the moments that are told of, on the whole cortex: GIFTI and FreeSurfer."""
    input:
        **HEAD_FILES,
        regions=rules.name_dipoles.output.regions,
        annotations=rules.parcellate_head.output.annotations,
        distances=rules.parcellate_head.output.distances,
        origin=rules.parcellate_head.output.origin,
        windows=rules.cut_recording.output.windows,
        estimates=expand(
            "results/{{head}}/recordings/{{recording}}/{method}.nc",
            method=RECORDING_METHODS,
        ),
    output:
        gifti_lh=expand(
            "results/{{head}}/recordings/{{recording}}/{method}-lh.func.gii",
            method=RECORDING_METHODS,
        ),
        gifti_rh=expand(
            "results/{{head}}/recordings/{{recording}}/{method}-rh.func.gii",
            method=RECORDING_METHODS,
        ),
        mgz_lh=expand(
            "results/{{head}}/recordings/{{recording}}/{method}-lh.mgz",
            method=RECORDING_METHODS,
        ),
        mgz_rh=expand(
            "results/{{head}}/recordings/{{recording}}/{method}-rh.mgz",
            method=RECORDING_METHODS,
        ),
    log:
        "results/{head}/logs/export_recording/{recording}.log",
    benchmark:
        "results/{head}/benchmarks/export_recording/{recording}.tsv"
    group:
        together("recording")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(3000),
        runtime=grows(10),
    params:
        anatomy=subpath(input.head, parent=True),
        subject=subpath(input.origin, ancestor=2),
        moments=lambda wildcards: recording_entry(wildcards.recording).get("moments_s"),
        code=code("export_recording"),
    script:
        "../scripts/export_recording.py"


rule plot_recording:
    """The EEG, its strongest window, and every method's map of that window on the brain."""
    input:
        **HEAD_FILES,
        sources=rules.build_source_space.output.sources,
        regions=rules.name_dipoles.output.regions,
        electrodes=rules.place_electrodes.output.electrodes,
        windows=rules.cut_recording.output.windows,
        estimates=expand(
            "results/{{head}}/recordings/{{recording}}/{method}.nc",
            method=RECORDING_METHODS,
        ),
    output:
        figure="results/{head}/figures/recording-{recording}.png",
    log:
        "results/{head}/logs/plot_recording/{recording}.log",
    benchmark:
        "results/{head}/benchmarks/plot_recording/{recording}.tsv"
    group:
        together("recording")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(3000),
        runtime=grows(10),
    params:
        anatomy=subpath(input.head, parent=True),
        methods=RECORDING_METHODS,
        probabilities=TELLING,
        moments=lambda wildcards: recording_entry(wildcards.recording).get("moments_s"),
        code=code("plot_recording"),
    script:
        "../scripts/plot_recording.py"


# What a page of brains is made of, beside the code that is imported.
TURNED_PAGE = [
    study_file(f"src/multisource/brains/{name}")
    for name in ("page.html", "unpack.js", "paint.js", "camera.js", "viewer.js")
]


rule turn_recording:
    """A page of brains to turn: the maps of every method, moment by moment."""
    input:
        **HEAD_FILES,
        page=TURNED_PAGE,
        sources=rules.build_source_space.output.sources,
        regions=rules.name_dipoles.output.regions,
        windows=rules.cut_recording.output.windows,
        estimates=expand(
            "results/{{head}}/recordings/{{recording}}/{method}.nc",
            method=RECORDING_METHODS,
        ),
    output:
        page="results/{head}/brains/recording-{recording}.html",
    log:
        "results/{head}/logs/turn_recording/{recording}.log",
    benchmark:
        "results/{head}/benchmarks/turn_recording/{recording}.tsv"
    group:
        together("recording")
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        anatomy=subpath(input.head, parent=True),
        methods=RECORDING_METHODS,
        probabilities=TELLING,
        moments=lambda wildcards: recording_entry(wildcards.recording).get("moments_s"),
        code=code("turn_recording"),
    script:
        "../scripts/turn_recording.py"


rule average_group:
    """The mean over people, and where they differ together from what they are compared with."""
    input:
        **HEAD_FILES,
        sources=rules.build_source_space.output.sources,
        regions=rules.name_dipoles.output.regions,
        windows=lambda wildcards: expand(
            f"results/{HEAD}/recordings/{{recording}}/windows.nc",
            recording=GROUPS[wildcards.group].recordings,
        ),
        estimates=lambda wildcards: expand(
            f"results/{HEAD}/recordings/{{recording}}/{GROUPS[wildcards.group].method}.nc",
            recording=GROUPS[wildcards.group].recordings,
        ),
    output:
        mean=expand("results/{{head}}/groups/{{group}}/mean-{side}.stc", side=["lh", "rh"]),
        t=expand("results/{{head}}/groups/{{group}}/t-{side}.stc", side=["lh", "rh"]),
        clusters=expand("results/{{head}}/groups/{{group}}/clusters-{side}.stc", side=["lh", "rh"]),
        table="results/{head}/groups/{group}/clusters.tsv",
        words="results/{head}/groups/{group}/test.txt",
        figure="results/{head}/figures/group-{group}.png",
    log:
        "results/{head}/logs/average_group/{group}.log",
    benchmark:
        "results/{head}/benchmarks/average_group/{group}.tsv"
    conda:
        "../../envs/multisource.yaml"
    resources:
        mem_mb=grows(3000),
        runtime=grows(20),
    params:
        anatomy=subpath(input.head, parent=True),
        members=lambda wildcards: GROUPS[wildcards.group].members,
        others=lambda wildcards: GROUPS[wildcards.group].others,
        against=lambda wildcards: GROUPS[wildcards.group].against,
        before=lambda wildcards: of_events(GROUPS[wildcards.group]),
        recordings=lambda wildcards: GROUPS[wildcards.group].recordings,
        moment_s=lambda wildcards: GROUPS[wildcards.group].moment_s,
        method=lambda wildcards: GROUPS[wildcards.group].method,
        # A solver's map has no unit: what it says is where.
        relative=lambda wildcards: GROUPS[wildcards.group].method not in NETWORKS,
        seed=config["seed"],
        code=code("average_group"),
    script:
        "../scripts/average_group.py"
