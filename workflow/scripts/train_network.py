from pathlib import Path

from multisource.figures.training import loss_figure
from multisource.files import atomic
from multisource.network.forward_model import read_forward_model
from multisource.network.options import TrainingOptions
from multisource.network.registry import build_network, options, split_settings
from multisource.network.samples import windows_of
from multisource.network.training import train
from multisource.network.weights import save_network
from multisource.simulation.chunks import read_chunks
from multisource.simulation.study import study_simulator
from multisource.steps import step

with step(snakemake):
    params = snakemake.params
    channels = params.channels or None
    data = read_chunks(snakemake.input.train, channels)
    training = windows_of(data).first(params.samples)
    validation = windows_of(read_chunks(snakemake.input.validation, channels))
    architecture, build, recipe = split_settings(params.settings)
    names = ("sources", "forward", "electrodes", "ar_models")
    files = {name: snakemake.input[name] for name in names} | {"channels": channels}
    sampling = {"sfreq": params.simulated["sfreq"], "n_times": data.sizes["time"]}
    known = {key: files[key] for key in ("forward", "ar_models", "channels")}
    drawn = {"settings": params.simulated, "seed": params.seed, "split": params.split}
    simulator = study_simulator(**files, **drawn) if recipe.get("fresh") else None
    # Not an output: it outlives a killed job, and the next start goes on from it.
    checkpoint = Path(snakemake.output.weights).with_name("checkpoint.safetensors")
    result = train(
        build_network(architecture, *training.shape, seed=params.seed, **build),
        training,
        validation,
        TrainingOptions(**recipe),
        simulator=simulator,
        model=read_forward_model(**known, **sampling),
        seed=params.seed,
        workers=snakemake.threads - 1,
        checkpoint=checkpoint,
        start=snakemake.input.start or None,
    )
    with atomic(snakemake.output.history) as part:
        result.history.to_csv(part, index=False)
    with atomic(snakemake.output.figure) as part:
        loss_figure(result.history, title=snakemake.wildcards.network).savefig(part, dpi=140)
    save_network(
        snakemake.output.weights,
        snakemake.output.settings,
        result.network,
        architecture=architecture,
        options=options(architecture) | build,
        channels=[str(name) for name in data["channel"].values],
        n_times=data.sizes["time"],
        n_dipoles=training.truth.n_dipoles,
        training=recipe,
        recalibration=result.recalibration and result.recalibration._asdict(),
        seed=params.seed,
    )
    checkpoint.unlink(missing_ok=True)
